import dynalite from 'dynalite';
import { refuseForeignHosts } from './foreign-hosts.ts';
import { listen } from './loopback.ts';

export interface LocalDynamo {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Starts DynamoDB on a free port of 127.0.0.1, in memory or in a folder. */
export const startLocalDynamo = async ({ directory }: { directory?: string } = {}): Promise<LocalDynamo> => {
  const server = dynalite({ ...(directory && { path: directory }), createTableMs: 0, deleteTableMs: 0 });
  refuseForeignHosts(server);
  const endpoint = await listen(server);
  return {
    endpoint,
    // Only the callback waits until the folder can be opened again. The 'close' event comes earlier.
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
};
