/**
 * Proxies between a service and everything it depends on: they name and record every call, and a script decides the
 * outcome of each.
 */
import { startProxy, type ProxyOutcome, type ProxiedRequest, type ProxiedResponse } from './proxy.ts';

export interface ProxiedCall {
  readonly to: 'table' | 'bucket' | 'token keys';
  /** Name of the operation at AWS, such as `GetItem`; `JWKS` for the token keys. */
  readonly name: string;
  /** 1 for the first call of that name since the script began. */
  readonly nth: number;
}

/**
 * Decides the outcome of a call. If it rejects, for example because the call cannot be forwarded, the connection is
 * reset.
 */
export type FaultScript = (
  call: ProxiedCall,
  forward: () => Promise<ProxiedResponse>,
  body?: Buffer,
) => ProxyOutcome | Promise<ProxyOutcome>;

export interface FaultProxy {
  /** Environment variables that lead a service through the proxy. */
  readonly env: Readonly<Record<string, string>>;
  /** Calls since the script began, in order. */
  readonly calls: readonly ProxiedCall[];
  /** Number of connections that the service has open. */
  readonly openConnections: number;
  /** Begins a script. Calls that are under way follow the one before. */
  play(script: FaultScript): void;
  /** Ends the script: from now on every call is forwarded. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

interface Dependency {
  readonly to: ProxiedCall['to'];
  /** Environment variable with its address. */
  readonly variable: string;
  readonly nameOf: (request: ProxiedRequest) => string;
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
    nameOf: ({ method, url }) => {
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

const forwardAll: FaultScript = (_, forward) => forward();

/** Starts a proxy in front of the table, the bucket and the token keys that `env` leads to, each on its own port. */
export const startFaultProxy = async (env: Readonly<Record<string, string>>): Promise<FaultProxy> => {
  const calls: ProxiedCall[] = [];
  let script = forwardAll;

  const play = (next: FaultScript): void => {
    script = next;
    calls.length = 0;
  };

  const proxies = await Promise.all(
    DEPENDENCIES.map(async ({ to, variable, nameOf }) => {
      const proxy = await startProxy(env[variable] ?? '', (request, forward) => {
        const name = nameOf(request);
        const call = { to, name, nth: calls.filter((earlier) => earlier.name === name).length + 1 };
        calls.push(call);
        return script(call, forward, request.body);
      });
      return { variable, proxy };
    }),
  );
  return {
    env: Object.fromEntries(proxies.map(({ variable, proxy }) => [variable, proxy.endpoint])),
    calls,
    get openConnections() {
      return proxies.reduce((sum, { proxy }) => sum + proxy.openConnections, 0);
    },
    play,
    restore: async () => {
      play(forwardAll);
      await Promise.all(proxies.map(({ proxy }) => proxy.reopen()));
    },
    close: async () => {
      await Promise.all(proxies.map(({ proxy }) => proxy.close()));
    },
  };
};
