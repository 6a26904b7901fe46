import { once } from 'node:events';
import {
  Agent,
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { listen } from '@jobs-api/local/loopback';

export interface ProxiedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ProxiedResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** A fault halfway through the body. Without it the whole body is sent. */
  readonly midway?: 'hang' | 'reset';
}

/** A response, or what the client gets instead. `refuse` refuses all connections until {@link LoopbackProxy.reopen}. */
export type ProxyOutcome = ProxiedResponse | 'hang' | 'reset' | 'refuse';

/** Sends the request to the target, with another body if one is given. */
export type Forward = (body?: Buffer) => Promise<ProxiedResponse>;

/** Decides the outcome of a request. If it rejects, for example because the target is down, the connection is reset. */
export type ProxyScript = (request: ProxiedRequest, forward: Forward) => ProxyOutcome | Promise<ProxyOutcome>;

export interface LoopbackProxy {
  /** URL of the target, with the origin of the proxy. */
  readonly endpoint: string;
  /** Path and query of each request so far. */
  readonly requests: readonly string[];
  /** Number of connections that clients have open. */
  readonly openConnections: number;
  /** Takes connections again after `refuse`. */
  readonly reopen: () => Promise<void>;
  /** Cuts off all connections. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a proxy on loopback in front of one HTTP server. It changes nothing that is signed. Requests and responses are
 * held in memory whole, which suits the small ones of the service's dependencies.
 */
export const startProxy = async (
  target: string,
  script: ProxyScript = (_, forward) => forward(),
  keepProcessAlive = true,
): Promise<LoopbackProxy> => {
  const { origin, hostname, port } = new URL(target);
  const upstream = new Agent({ keepAlive: true });
  const connections = new Set<Socket>();
  const requests: string[] = [];

  const send = ({ method, url, headers, body }: ProxiedRequest, changed = body): Promise<ProxiedResponse> => {
    const length = changed === body ? {} : { 'content-length': changed.length };
    // The Host header stays as it came, because it is signed.
    const options = { agent: upstream, hostname, port, method, path: url, headers: { ...headers, ...length } };
    return new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        const { statusCode: status = 0, headers: received } = response;
        buffer(response).then((bytes) => resolve({ status, headers: received, body: bytes }), reject);
      });
      sent.on('error', reject).end(changed);
    });
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = incoming;
    requests.push(url);
    const proxied = { method, url, headers, body: await buffer(incoming) };
    const outcome = await script(proxied, (body) => send(proxied, body));
    if (outcome === 'refuse') server.close().closeAllConnections();
    else if (outcome === 'reset') reset(incoming.socket);
    else if (outcome !== 'hang') respond(response, outcome);
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => reset(incoming.socket));
  });
  // An idle connection is never closed: its client may be about to use it again.
  server.keepAliveTimeout = 0;
  server.on('connection', (socket) => connections.add(socket.once('close', () => connections.delete(socket))));
  const own = await listen(server);
  if (!keepProcessAlive) server.unref();

  return {
    endpoint: target.replace(origin, own),
    requests,
    get openConnections() {
      return connections.size;
    },
    reopen: async () => {
      if (!server.listening) await listen(server, Number(new URL(own).port));
    },
    close: async () => {
      upstream.destroy();
      server.close().closeAllConnections();
      await Promise.all([...connections].map((socket) => once(socket, 'close')));
    },
  };
};

/** A connection that its client has closed cannot be reset: Node would never report that it is closed. */
const reset = (socket: Socket): void => {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
};

const respond = (response: ServerResponse, { status, headers, body, midway }: ProxiedResponse): void => {
  response.writeHead(status, headers);
  if (!midway) response.end(body);
  else
    response.write(body.subarray(0, Math.ceil(body.length / 2)), () => {
      if (midway === 'reset' && response.socket) reset(response.socket);
    });
};
