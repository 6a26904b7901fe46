import { createServer } from 'node:http';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { unparsableRequest } from '../response/errors.ts';
import type { MessageClasses } from './message-classes.ts';

/** Request headers in all, the request line among them. */
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Time for a connection to send a whole request, so that slow ones do not use connections up. It is the same with a body:
 * nobody reads those.
 */
const REQUEST_TIMEOUT_MS = 10_000;

/** How often connections are looked at for that. Node's own 30 s would make 40 s of the 10. */
const CHECKING_INTERVAL_MS = 1_000;

export interface HttpServer {
  readonly server: Server;
  /**
   * Stops accepting connections, and ends each open one after the request that it is busy with.
   *
   * @returns whether every request was completed; those that were not after `graceSeconds` are cut off
   */
  readonly close: (graceSeconds: number) => Promise<boolean>;
}

export interface HttpServerOptions extends Partial<MessageClasses> {
  readonly keepAliveSeconds: number;
}

/** An HTTP server that answers in JSON even what never becomes a request, and that can be closed without cutting anyone off. */
export const createHttpServer = (
  listener: RequestListener,
  { keepAliveSeconds, ...messageClasses }: HttpServerOptions,
): HttpServer => {
  const server = createServer({
    ...messageClasses,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECKING_INTERVAL_MS,
    keepAliveTimeout: keepAliveSeconds * 1000,
  });
  const open = new Set<ServerResponse>();
  let closing = false;

  server.on('request', (req, res) => {
    open.add(res);
    if (closing) res.setHeader('Connection', 'close');
    res.once('close', () => {
      open.delete(res);
      if (closing) server.closeIdleConnections();
    });
    listener(req, res);
  });

  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // What would follow the beginning of an answer would be taken for the rest of it.
    const isAnswering = [...open].some((res) => res.socket === socket && res.headersSent);
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) socket.destroy();
    else socket.end(unparsableRequest(error.code));
  });

  const close = (graceSeconds: number): Promise<boolean> =>
    new Promise((resolve) => {
      closing = true;
      for (const res of open) if (!res.headersSent) res.setHeader('Connection', 'close');
      const grace = setTimeout(() => {
        resolve(false);
        server.closeAllConnections();
      }, graceSeconds * 1000);
      server.close(() => {
        clearTimeout(grace);
        resolve(true);
      });
    });

  return { server, close };
};
