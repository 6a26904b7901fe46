import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { malformedResponse, sendMalformed, toBytes, type MalformedResponse } from '../response/malformed.ts';
import { Connections } from './connections.ts';

/** Request headers in all, including the request line. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Time for a connection to send the header of a request, so that slow clients do not use up connections. */
const HEADERS_TIMEOUT_MS = 10_000;

/** How often Node checks connections for that. By default it would close them up to 30 s late. */
const CHECKING_INTERVAL_MS = 1_000;

/** A request that the app never gets, because it is malformed. */
export interface RefusedRequest {
  readonly requestId: string;
  readonly status: number;
  /** Absent if the request line could not be parsed. */
  readonly method: string | undefined;
  readonly reason: string;
}

export interface HttpServerOptions {
  readonly keepAliveSeconds: number;
  /** Called for each malformed request. Must not throw. */
  readonly onRefused?: (request: RefusedRequest) => void;
  /** Resolves when no work is left. Work continues after its client has disconnected, so that no connection shows it. */
  readonly idle?: () => Promise<void>;
}

export interface HttpServer {
  readonly server: Server;
  /** From now on, every response says that its connection will be closed. */
  readonly announceClose: () => void;
  /**
   * Stops accepting connections, closes each open one after the responses that are due on it, and waits for all work.
   *
   * @returns whether all of it was completed; what was not within `graceSeconds` is cut off
   */
  readonly close: (graceSeconds: number) => Promise<boolean>;
}

/** Creates an HTTP server that responds in JSON also to what is not a request, and on which clients cannot harm each other. */
export const createHttpServer = (
  listener: RequestListener,
  { keepAliveSeconds, onRefused, idle = async () => undefined }: HttpServerOptions,
): HttpServer => {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: 0, // it would run until the body was read, and no body is ever read
    connectionsCheckingInterval: CHECKING_INTERVAL_MS,
    keepAliveTimeout: keepAliveSeconds * 1000,
    requireHostHeader: false, // Node's own response to a request without Host has none of our headers
  });
  // Node drops the headers after this many, of which one could be a second Authorization. 0: none is dropped.
  server.maxHeadersCount = 0;
  const connections = new Connections();

  const refuse = (response: MalformedResponse, method: string | undefined, reason: string): MalformedResponse => {
    const { status, headers } = response;
    onRefused?.({ requestId: String(headers['X-Request-Id']), status, method, reason });
    return response;
  };
  const refuseRequest = (req: IncomingMessage, res: ServerResponse, status: number, reason: string) => {
    const response = malformedResponse(status, { requestId: req.headers['x-request-id'] });
    sendMalformed(res, refuse(response, req.method, reason));
  };

  server.on('connection', (socket) => connections.add(socket));
  server.on('request', (req, res) => {
    if (!connections.begin(req, res)) return;
    const path = pathOf(req);
    if (path === undefined) refuseRequest(req, res, 400, 'the request target is malformed');
    else if (req.headers.host === undefined && req.httpVersion === '1.1')
      refuseRequest(req, res, 400, 'no Host header');
    else {
      req.url = path;
      listener(req, res);
    }
  });
  server.on('checkExpectation', (req: IncomingMessage, res: ServerResponse) => {
    if (connections.begin(req, res)) refuseRequest(req, res, 417, 'the Expect header asks for what is not supported');
  });
  server.on('connect', ({ method, headers }, socket) => {
    const response = malformedResponse(405, { requestId: headers['x-request-id'], headers: { Allow: ALLOWED } });
    socket.end(toBytes(refuse(response, method, 'CONNECT is for proxies')));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const open = connections.openResponses(socket);
    if (error.code === 'ECONNRESET' || !socket.writable || open.some(({ headersSent }) => headersSent)) {
      socket.destroy(); // a response now would be taken for the rest of the one that has begun
    } else if (open.length > 0) {
      // The client is owed these first, and nothing of what it has sent since then can be understood.
      open.at(-1)?.setHeader('Connection', 'close');
    } else {
      socket.end(toBytes(refuse(malformedResponse(statusOf(error.code)), undefined, error.message)));
    }
  });

  const close = async (graceSeconds: number): Promise<boolean> => {
    connections.announceClose();
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    connections.closeIdle();
    const grace = new AbortController();
    const late = sleep(graceSeconds * 1000, false, { signal: grace.signal });
    const isComplete = await Promise.race([Promise.all([closed, idle()]).then(() => true), late]);
    grace.abort();
    late.catch(() => undefined);
    server.closeAllConnections();
    connections.stop();
    return isComplete;
  };

  return { server, announceClose: () => connections.announceClose(), close };
};

/** What the methods of this API are, whatever the target. */
const ALLOWED = 'GET, HEAD, DELETE';

/** The path and query of a request; its target may be a whole URL (RFC 9112, section 3.2.2). `undefined` if it is neither. */
const pathOf = ({ url = '', method }: IncomingMessage): string | undefined => {
  if (url.startsWith('/')) return url;
  if (url === '*' && method === 'OPTIONS') return url;
  if (!URL.canParse(url)) return undefined;
  const { protocol, pathname, search } = new URL(url);
  return /^https?:$/.test(protocol) ? pathname + search : undefined;
};

/** The status for an error of Node's parser. */
const statusOf = (code: string | undefined): number => {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
};
