import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { listen, startGate, type Gate } from '@jobs-api/local/loopback';
import { overSocket } from '@jobs-api/http-express/testing/contracts';
import { SERVICE } from '../harness/built.ts';
import { runToEnd, startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const LINUX_ONLY = ['process_virtual_memory_bytes', 'process_heap_bytes', 'process_open_fds', 'process_max_fds'];

interface Metric {
  readonly type: string;
  readonly labels: readonly string[];
}

/** Returns the metrics of the tables of docs/metrics.md by name. */
const documented = async (): Promise<Map<string, Metric>> => {
  const page = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = page.matchAll(/^\| `(\w+)` +\| (\w+) +\| ([^|]*)\|/gm);
  return new Map(
    Array.from(rows, ([, name = '', type = '', labels = '']) => [
      name,
      { type, labels: Array.from(labels.matchAll(/`(\w+)`/g), ([, label = '']) => label).sort() },
    ]),
  );
};

interface Scrape {
  readonly types: ReadonlyMap<string, string>;
  /** All lines except comments. */
  readonly samples: readonly string[];
  /** Returns the value of a sample by its name and labels as they are written, or `undefined` if there is none. */
  value(sample: string): number | undefined;
}

const parse = (exposition: string): Scrape => {
  const lines = exposition.split('\n').filter((line) => line !== '');
  const types = lines.flatMap((line) => {
    const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    return name === '' ? [] : [[name, type] as const];
  });
  const samples = lines.filter((line) => !line.startsWith('#'));
  const value = (sample: string) => {
    const line = samples.find((candidate) => candidate.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.slice(sample.length + 1));
  };
  return { types: new Map(types), samples, value };
};

describe('the metrics of the built service', () => {
  let stack: LocalStack;
  let gate: Gate;
  let service: ServiceProcess;
  let metricsPort: number;
  let send: ReturnType<typeof overSocket>;
  let authorization: readonly [string, string];

  beforeAll(async () => {
    stack = await startStack();
    gate = await startGate(stack.env.AWS_ENDPOINT_URL_DYNAMODB);
    const env = { ...stack.env, AWS_ENDPOINT_URL_DYNAMODB: gate.endpoint, METRICS_PORT: '0', MAX_IN_FLIGHT: '1' };
    service = await startService(SERVICE, env);
    metricsPort = portIn(service);
    send = overSocket(service.origin);
    authorization = ['Authorization', await stack.tokenIssuer.issueToken('alice')];
  });

  afterAll(async () => {
    service.kill('SIGKILL');
    await service.exitCode;
    await gate.close();
    await stack.close();
  });

  const portIn = ({ log }: ServiceProcess): number => {
    const line = log.find((entry) => entry.includes('"msg":"listening"')) ?? '';
    return (JSON.parse(line) as { metrics_port: number }).metrics_port;
  };
  const fetchMetrics = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${metricsPort}${path}`, { method });
  const scrape = async () => parse(await (await fetchMetrics('/metrics')).text());
  const job = (path: string, method = 'GET') => send({ method, path: `/api/v1/jobs${path}`, headers: [authorization] });

  test('are those that docs/metrics.md lists, with the same types and labels', async () => {
    await job('/list');
    await job('/list');
    await job('/get?job-id=1');
    await job('/get-object-url?job-id=1&object-uuid=a.png');
    await job('/delete?job-id=1', 'DELETE');
    const { types, samples } = await scrape();

    const expected = [...(await documented())].filter(
      ([name]) => process.platform === 'linux' || !LINUX_ONLY.includes(name),
    );
    expect([...types.keys()].sort()).toEqual(expected.map(([name]) => name).sort());

    for (const [name, { type, labels }] of expected) {
      expect([name, types.get(name)]).toEqual([name, type]);
      const suffix = type === 'histogram' ? '_(?:bucket|sum|count)' : '';
      const own = samples.filter((line) => new RegExp(`^${name}${suffix}[{ ]`).test(line));
      // No garbage may have been collected yet, and libuv may be idle.
      if (own.length === 0) expect(name).toMatch(/^nodejs_(gc_|active_)/);
      const found = own.flatMap((line) => Array.from(line.matchAll(/(\w+)="/g), ([, label = '']) => label));
      const besides = type === 'histogram' ? ['le'] : [];
      if (own.length > 0) expect([name, [...new Set(found)].sort()]).toEqual([name, [...besides, ...labels].sort()]);
    }
  });

  test('count requests, calls to AWS and lookups of tokens', async () => {
    const before = await scrape();
    await job('/list');
    await send({ path: '/api/v1/jobs/list' });
    await job('/get?job-id=1');
    const after = await scrape();
    const grown = (sample: string) => (after.value(sample) ?? 0) - (before.value(sample) ?? 0);
    const requests = 'jobs_api_http_request_duration_seconds_count';
    expect(grown(`${requests}{method="GET",route="/api/v1/jobs/list",status="200"}`)).toBe(1);
    expect(grown(`${requests}{method="GET",route="/api/v1/jobs/list",status="401"}`)).toBe(1);
    expect(grown(`${requests}{method="GET",route="/api/v1/jobs/get",status="404"}`)).toBe(1);
    const calls = 'jobs_api_aws_call_duration_seconds_count';
    expect(grown(`${calls}{service="DynamoDB",operation="Query",outcome="success"}`)).toBe(1);
    expect(grown(`${calls}{service="DynamoDB",operation="GetItem",outcome="success"}`)).toBe(1);
    expect(grown('jobs_api_token_cache_lookups_total{result="hit"}')).toBe(2);
    expect(after.value('jobs_api_token_cache_tokens')).toBe(1);
    expect(after.value('jobs_api_http_requests_in_flight')).toBe(0);
    const { version } = JSON.parse(
      await readFile(new URL('../../packages/http-express/package.json', import.meta.url), 'utf8'),
    ) as {
      version: string;
    };
    expect(after.value(`jobs_api_build_info{version="${version}"}`)).toBe(1);
  });

  test('count requests that are shed, and requests whose client has disconnected', async () => {
    gate.shut();
    const { port, hostname } = new URL(service.origin);
    const impatient = connect(Number(port), hostname);
    impatient.write(`GET /api/v1/jobs/list HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization[1]}\r\n\r\n`);
    await gate.waiting();
    expect(await job('/list')).toMatchObject({ status: 503 });
    const during = await scrape();
    expect(during.value('jobs_api_http_requests_shed_total')).toBe(1);
    expect(during.value('jobs_api_http_requests_in_flight')).toBe(1);
    impatient.destroy();
    const aborted =
      'jobs_api_http_request_duration_seconds_count{method="GET",route="/api/v1/jobs/list",status="aborted"}';
    await until(async () => (await scrape()).value(aborted) === 1);
    gate.open();
  });

  test('do not grow with values that callers invent', async () => {
    const odd = ['/', '/api/v1/jobs', '/api/v1/jobs/list/', '/API/v1/jobs/list', '/%00', '/..%2f..%2fetc', '/a"} 1\\n'];
    for (let index = 0; index < 200; index++) {
      await send({ path: `${odd[index % odd.length]}${index < 7 ? '' : `/${index}`}`.replace(' ', '%20') });
      await job(`/list?made-up-${index}=1`);
    }
    for (const method of ['PROPFIND', 'MKCOL', 'SEARCH', 'M-SEARCH', 'PURGE', 'LOCK', 'REPORT', 'TRACE', 'PATCH'])
      await send({ method, path: '/api/v1/jobs/list' });
    const { samples } = await scrape();
    const requests = samples.filter((line) => line.startsWith('jobs_api_http_request_duration_seconds_count'));
    const valuesOf = (label: string) => [
      ...new Set(requests.map((line) => new RegExp(`${label}="([^"]*)"`).exec(line)?.[1])),
    ];
    const routes = ['list', 'get', 'get-object-url', 'delete'].map((name) => `/api/v1/jobs/${name}`);
    expect(valuesOf('route').filter((route = '') => ![...routes, 'none'].includes(route))).toEqual([]);
    expect(valuesOf('method').sort()).toEqual(['DELETE', 'GET', 'PATCH', 'TRACE', '_OTHER']);
    expect(valuesOf('status').sort()).toEqual(['200', '401', '404', '405', '503', 'aborted']);
  });

  test('are served on their port only, and nothing else is', async () => {
    const found = await fetchMetrics('/metrics?all');
    expect([found.status, found.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    expect((await fetchMetrics('/metrics', 'HEAD')).status).toBe(200);
    const refused = await fetchMetrics('/metrics', 'POST');
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    for (const path of ['/', '/metrics/', '/healthz', '/api/v1/jobs/list'])
      expect([path, (await fetchMetrics(path)).status]).toEqual([path, 404]);
    expect(await send({ path: '/metrics' })).toMatchObject({ status: 404 });
  });
});

describe('METRICS_PORT', () => {
  let stack: LocalStack;
  beforeAll(async () => void (stack = await startStack()));
  afterAll(() => stack.close());

  test('that is in use ends the service with a line that names it', async () => {
    const taken = createServer();
    const { port } = new URL(await listen(taken));
    const env = { ...stack.env, HOST: '127.0.0.1', PORT: '0', METRICS_PORT: port };
    const { exitCode, stdout } = await runToEnd(SERVICE, env);
    taken.close();
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      level: 'fatal',
      error: { message: `METRICS_PORT: listen EADDRINUSE: address already in use 127.0.0.1:${port}` },
    });
  });

  test('is served until the service has stopped', async () => {
    const service = await startService(SERVICE, { ...stack.env, METRICS_PORT: '0', DRAIN_SECONDS: '60' });
    const line = JSON.parse(service.log[0] ?? '') as { metrics_port: number };
    const url = `http://127.0.0.1:${line.metrics_port}/metrics`;
    service.kill('SIGTERM');
    await until(() => service.log.some((entry) => entry.includes('"msg":"stopping"')));
    expect((await fetch(url)).status).toBe(200);
    service.kill('SIGTERM');
    await service.exitCode;
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  test('that is not set turns metrics off', async () => {
    const service = await startService(SERVICE, stack.env);
    expect(JSON.parse(service.log[0] ?? '')).not.toHaveProperty('metrics_port');
    service.kill('SIGTERM');
    expect(await service.exitCode).toBe(0);
  });
});
