import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { malformedResponse, sendMalformed, toBytes, type MalformedResponse } from '../response/malformed.ts';
import { Connections, endConnection } from './connections.ts';

/** Maximum size of a request header, including the request line. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Time limit for sending a request header, so that slow clients do not use up connections. */
const HEADERS_TIMEOUT_MS = 10_000;

/** Interval at which Node enforces that limit. Its default would close connections up to 30 s late. */
const CHECKING_INTERVAL_MS = 1_000;

/** A request that was rejected before it reached the app. */
export interface MalformedRequest {
  readonly requestId: string;
  readonly status: number;
  /** Absent if the request line could not be parsed. */
  readonly method: string | undefined;
  readonly reason: string;
}

export interface HttpServerOptions {
  readonly keepAliveSeconds: number;
  /** Called for each malformed request. Must not throw. */
  readonly onMalformed?: (request: MalformedRequest) => void;
  /** Resolves when no work is left. Work can continue after its connection is closed. */
  readonly idle?: () => Promise<void>;
}

export interface HttpServer {
  readonly server: Server;
  /** Adds `Connection: close` to every response from now on. */
  readonly announceClose: () => void;
  /**
   * Stops accepting connections, closes each open one after its unfinished responses, and waits for all work.
   *
   * @returns whether everything was completed within `graceSeconds`; the rest is cut off
   */
  readonly close: (graceSeconds: number) => Promise<boolean>;
}

/** Creates an HTTP server that also responds to malformed requests in JSON, and protects clients from each other. */
export const createHttpServer = (
  listener: RequestListener,
  { keepAliveSeconds, onMalformed, idle = async () => undefined }: HttpServerOptions,
): HttpServer => {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: 0, // it would run until the body was read, and bodies are never read
    connectionsCheckingInterval: CHECKING_INTERVAL_MS,
    keepAliveTimeout: keepAliveSeconds * 1000,
    requireHostHeader: false, // Node's own response to a request without Host would lack our headers and body
  });
  // 0: no limit. Node would drop later headers, and one of them could be a second Authorization.
  server.maxHeadersCount = 0;
  const connections = new Connections();

  const report = (response: MalformedResponse, method: string | undefined, reason: string): MalformedResponse => {
    const { status, headers } = response;
    onMalformed?.({ requestId: String(headers['X-Request-Id']), status, method, reason });
    return response;
  };
  const reject = (req: IncomingMessage, res: ServerResponse, status: number, reason: string) => {
    const response = malformedResponse(status, { requestId: req.headers['x-request-id'] });
    sendMalformed(res, report(response, req.method, reason));
  };

  server.on('connection', (socket) => connections.add(socket));
  server.on('request', (req, res) => {
    if (!connections.begin(req, res)) return;
    const path = pathOf(req);
    if (path === undefined) reject(req, res, 400, 'the request target is malformed');
    else if (req.headers.host === undefined && req.httpVersion === '1.1') reject(req, res, 400, 'no Host header');
    else {
      req.url = path;
      listener(req, res);
    }
  });
  server.on('checkExpectation', (req: IncomingMessage, res: ServerResponse) => {
    if (connections.begin(req, res)) reject(req, res, 417, 'the Expect header is not supported');
  });
  server.on('connect', ({ method, headers, socket }) => {
    // Node removes its listeners from this socket. Without a new one, a reset would end the process.
    socket.on('error', () => socket.destroy());
    const response = malformedResponse(405, { requestId: headers['x-request-id'], headers: { Allow: ALLOWED } });
    const bytes = toBytes(report(response, method, 'CONNECT is not supported'));
    if (connections.openResponses(socket).length > 0) {
      socket.destroy(); // a client would take this response for the one to its earlier request
    } else {
      endConnection(socket, bytes);
    }
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const open = connections.openResponses(socket);
    if (error.code === 'ECONNRESET' || !socket.writable || open.some(({ headersSent }) => headersSent)) {
      socket.destroy(); // a client would take a response now for the rest of the one that has begun
    } else if (open.length > 0) {
      // The open responses are sent first. The connection cannot be used after the malformed bytes.
      open.at(-1)?.setHeader('Connection', 'close');
    } else {
      endConnection(socket, toBytes(report(malformedResponse(statusOf(error.code)), undefined, error.message)));
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

/** All methods of this API. */
const ALLOWED = 'GET, HEAD, DELETE';

/** Returns the path and query of a request target, which may be a URL (RFC 9112, section 3.2.2); `undefined` if malformed. */
const pathOf = ({ url = '', method }: IncomingMessage): string | undefined => {
  if (url.startsWith('/')) return url;
  if (url === '*' && method === 'OPTIONS') return url;
  if (!URL.canParse(url)) return undefined;
  const { protocol, pathname, search } = new URL(url);
  return /^https?:$/.test(protocol) ? pathname + search : undefined;
};

/** Returns the status for an error code of Node's parser. */
const statusOf = (code: string | undefined): number => {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
};
