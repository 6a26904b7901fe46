import { createServer, request } from 'node:http';
import { expect, test } from '@jest/globals';
import { overSocket } from '@jobs-api/http-express/testing/contracts';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { SERVICE } from '../harness/built.ts';
import { startService } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

/** Agents have `proxyEnv` (https://nodejs.org/api/http.html#class-httpagent) since the same versions as Node has this flag. */
const supportsProxies = process.allowedNodeEnvironmentFlags.has('--use-env-proxy');

test('table, bucket and token keys are reached through HTTP_PROXY on a Node that supports it, except for NO_PROXY', async () => {
  const stack = await startStack();
  const hosts = new Set<string>();
  const proxy = createServer((incoming, response) => {
    const { method, url = '', headers } = incoming;
    if (URL.canParse(url)) hosts.add(new URL(url).host);
    incoming.pipe(
      request(url, { method, headers }, (received) => {
        response.writeHead(received.statusCode ?? 502, received.headers);
        received.pipe(response);
      }),
    );
  });
  const HTTP_PROXY = await listen(proxy);
  const hostsOf = async (NO_PROXY: string) => {
    hosts.clear();
    const service = await startService(SERVICE, { ...stack.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY, NO_PROXY });
    const { status } = await overSocket(service.origin)({ path: '/readyz' });
    service.kill('SIGKILL');
    await service.exitCode;
    return { status, hosts: [...hosts].sort() };
  };
  const { AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_S3, JWT_JWKS_URI } = stack.env;
  const all = [AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_S3, JWT_JWKS_URI ?? '']
    .map((uri) => new URL(uri).host)
    .sort();
  try {
    expect(await hostsOf('example.com')).toEqual({ status: 200, hosts: supportsProxies ? all : [] });
    expect(await hostsOf('127.0.0.1')).toEqual({ status: 200, hosts: [] });
  } finally {
    await closeServer(proxy);
    await stack.close();
  }
});
