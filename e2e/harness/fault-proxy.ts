/**
 * A proxy between a service and what it depends on, for tests: it names and records every call, and a script says what
 * becomes of each. Calls and answers are held in memory whole, which suits the small ones that the service makes.
 */
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface ProxiedCall {
  readonly to: 'table' | 'bucket' | 'token keys';
  /** What AWS calls it, such as `GetItem`; `JWKS` for the token keys. */
  readonly name: string;
  /** 1 for the first call of that name since the script began. */
  readonly nth: number;
}

export interface ProxiedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** What happens halfway through the body. Without it the answer is whole. */
  readonly midway?: 'hang' | 'reset';
}

/** An answer, or what the client gets instead. Who refuses connections does so until the script ends. */
type Outcome = ProxiedAnswer | 'hang' | 'reset' | 'refuse';

/** Where it rejects, because the call could not be forwarded for one, the connection is reset. */
export type Script = (
  call: ProxiedCall,
  forward: () => Promise<ProxiedAnswer>,
  body?: Buffer,
) => Outcome | Promise<Outcome>;

export interface FaultProxy {
  /** The variables that lead a service through the proxy. */
  readonly env: Readonly<Record<string, string>>;
  /** The calls since the script began, in order. */
  readonly calls: readonly ProxiedCall[];
  /** How many connections its clients have open. */
  readonly openConnections: number;
  /** Begins a script. What is under way ends by the one before. */
  play(script: Script): void;
  /** Ends the script: from now on every call is forwarded. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

interface Dependency {
  readonly to: ProxiedCall['to'];
  /** Says where it is. */
  readonly variable: string;
  readonly nameOf: (call: IncomingMessage) => string;
}

const DEPENDENCIES: readonly Dependency[] = [
  {
    to: 'table',
    variable: 'AWS_ENDPOINT_URL_DYNAMODB',
    nameOf: ({ headers }) => String(headers['x-amz-target']).replace(/^.*\./, ''),
  },
  {
    to: 'bucket',
    variable: 'AWS_ENDPOINT_URL_S3',
    nameOf: ({ method = '', url = '' }) => {
      const parameter = /[?&](uploads|versions|delete|uploadId)\b/.exec(url)?.[1] ?? '';
      return S3_CALLS[`${method} ${parameter}`] ?? `${method} ${url}`;
    },
  },
  { to: 'token keys', variable: 'JWT_JWKS_URI', nameOf: () => 'JWKS' },
];

const S3_CALLS: Readonly<Record<string, string>> = {
  'GET uploads': 'ListMultipartUploads',
  'GET versions': 'ListObjectVersions',
  'POST delete': 'DeleteObjects',
  'DELETE uploadId': 'AbortMultipartUpload',
  'DELETE ': 'DeleteObject',
  'HEAD ': 'HeadBucket',
};

const forwarded: Script = (_, forward) => forward();

/** Stands in front of the table, the bucket and the token keys that `env` leads to, on a port of its own for each. */
export const startFaultProxy = async (env: Readonly<Record<string, string>>): Promise<FaultProxy> => {
  const upstream = new Agent({ keepAlive: true });
  const connections = new Set<Socket>();
  const calls: ProxiedCall[] = [];
  let script = forwarded;

  const play = (next: Script): void => {
    script = next;
    calls.length = 0;
  };

  const startDoor = async ({ to, variable, nameOf }: Dependency) => {
    const address = env[variable] ?? '';
    const { origin, hostname, port } = new URL(address);

    const handle = async (call: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { method, url, headers } = call;
      const body = await buffer(call);
      const name = nameOf(call);
      const proxied = { to, name, nth: calls.filter((earlier) => earlier.name === name).length + 1 };
      calls.push(proxied);
      // With the Host header as it came, since that is what was signed.
      const sent = { agent: upstream, hostname, port, method, path: url, headers };
      const outcome = await script(proxied, () => forward(sent, body), body);
      if (outcome === 'refuse') server.close().closeAllConnections();
      else if (outcome === 'reset') reset(call.socket);
      else if (outcome !== 'hang') send(response, outcome);
    };

    const server = createServer((call, response) => {
      handle(call, response).catch(() => reset(call.socket));
    });
    // An idle connection is never closed under a client that is about to use it again.
    server.keepAliveTimeout = 0;
    server.on('connection', (socket) => connections.add(socket.once('close', () => connections.delete(socket))));
    const listen = async (at: number) => {
      server.listen(at, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    };
    const ownPort = await listen(0);
    return {
      variable,
      address: address.replace(origin, `http://127.0.0.1:${ownPort}`),
      open: async () => {
        if (!server.listening) await listen(ownPort);
      },
      close: () => server.close().closeAllConnections(),
    };
  };

  const doors = await Promise.all(DEPENDENCIES.map(startDoor));
  return {
    env: Object.fromEntries(doors.map(({ variable, address }) => [variable, address])),
    calls,
    get openConnections() {
      return connections.size;
    },
    play,
    mend: async () => {
      play(forwarded);
      await Promise.all(doors.map(({ open }) => open()));
    },
    close: async () => {
      upstream.destroy();
      for (const { close } of doors) close();
      await Promise.all([...connections].map((socket) => once(socket, 'close')));
    },
  };
};

/** A connection whose client has closed it cannot be reset: Node would never say that it is closed. */
const reset = (socket: Socket): void => {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
};

const forward = (options: RequestOptions, body: Buffer): Promise<ProxiedAnswer> =>
  new Promise((resolve, reject) => {
    const sent = request(options, (received) => {
      const { statusCode: status = 0, headers } = received;
      buffer(received).then((answer) => resolve({ status, headers, body: answer }), reject);
    });
    sent.on('error', reject).end(body);
  });

const send = (response: ServerResponse, { status, headers, body, midway }: ProxiedAnswer): void => {
  response.writeHead(status, headers);
  if (!midway) response.end(body);
  else
    response.write(body.subarray(0, Math.ceil(body.length / 2)), () => {
      if (midway === 'reset' && response.socket) reset(response.socket);
    });
};
