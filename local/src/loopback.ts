import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';

/** Starts a server on 127.0.0.1 and returns its origin. Takes a free port if none is given. Rejects if the port is taken. */
export const listen = async (server: Server, port = 0): Promise<string> => {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** Stops a server and cuts off its connections. Resolves when it is stopped, also if it was stopped before. */
export const closeServer = (server: HttpServer): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** A way to a server that can be shut: what clients send meanwhile waits until it is opened again. */
export interface Gate {
  /** The address of the server, with the origin of the gate. */
  readonly endpoint: string;
  shut(): void;
  open(): void;
  /** Resolves when a request waits at the shut gate. */
  waiting(): Promise<void>;
  /** Cuts off all connections. */
  close(): Promise<void>;
}

/** Starts a gate in front of a server on loopback. */
export const startGate = async (target: string): Promise<Gate> => {
  const { hostname, port, origin } = new URL(target);
  let opened = Promise.resolve();
  let release: () => void = () => undefined;
  let somethingWaits: () => void = () => undefined;
  let waiting = Promise.resolve();

  const pass = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      somethingWaits();
      await opened;
      yield chunk;
    }
  };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client.once('close', () => sockets.delete(client)));
    const upstream = connect(Number(port), hostname);
    // Whichever side ends or breaks, the other one does too.
    pipeline(client, pass, upstream, () => undefined);
    pipeline(upstream, client, () => undefined);
  });

  const own = await listen(server);
  return {
    endpoint: target.replace(origin, own),
    shut: () => {
      opened = new Promise((resolve) => (release = resolve));
      waiting = new Promise((resolve) => (somethingWaits = resolve));
    },
    open: () => release(),
    waiting: () => waiting,
    close: async () => {
      const closed = once(server.close(), 'close');
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};

/** Returns the origin of a port that was free a moment ago, so that nothing listens there. */
export const refusingOrigin = async (): Promise<string> => {
  const server = createServer();
  const origin = await listen(server);
  await once(server.close(), 'close');
  return origin;
};
