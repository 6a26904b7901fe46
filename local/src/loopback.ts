import { once } from 'node:events';
import { type Server as HttpServer } from 'node:http';
import { type AddressInfo, type Server } from 'node:net';

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
