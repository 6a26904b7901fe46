import dynalite from 'dynalite';
import { refuseForeignHosts } from './foreign-hosts.ts';
import { listen } from './loopback.ts';

export interface LocalDynamo {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** DynamoDB on a free port of 127.0.0.1, in memory or kept in a folder. */
export const startLocalDynamo = async ({ directory }: { directory?: string } = {}): Promise<LocalDynamo> => {
  const server = dynalite({ ...(directory && { path: directory }), createTableMs: 0, deleteTableMs: 0 });
  refuseForeignHosts(server);
  const endpoint = await listen(server);
  return {
    endpoint,
    // Its 'close' event comes before the folder is free for the next one: only the callback waits for that.
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
};
