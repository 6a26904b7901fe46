import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A way to a server that can be shut: what is sent meanwhile waits until it is opened again. */
export interface Gate {
  readonly endpoint: string;
  shut(): void;
  open(): void;
  /** Resolves once something waits at the shut gate. */
  waiting(): Promise<void>;
  close(): Promise<void>;
}

export const startGate = async (target: string): Promise<Gate> => {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let opened = Promise.resolve();
  let release: () => void = () => undefined;
  let somethingWaits: () => void = () => undefined;
  let waiting = Promise.resolve();

  const forget = (socket: Socket) =>
    socket.once('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) sockets.add(forget(socket));
    upstream.pipe(client);
    client.on('close', () => upstream.destroy());
    client.on('data', (bytes) => {
      somethingWaits();
      void opened.then(() => upstream.write(bytes));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    shut: () => {
      opened = new Promise((resolve) => (release = resolve));
      waiting = new Promise((resolve) => (somethingWaits = resolve));
    },
    open: () => release(),
    waiting: () => waiting,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
