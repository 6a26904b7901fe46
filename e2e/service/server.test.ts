import { cp, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { startGate, type Gate } from '@jobs-api/local/loopback';
import { overSocket } from '@jobs-api/http-express/testing/contracts';
import { SERVICE } from '../harness/built.ts';
import { runToEnd, startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

describe('the built service', () => {
  test('names every missing or invalid variable, and exits with 1', async () => {
    expect(await runToEnd(SERVICE, { PORT: 'http' })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: [
        'JOBS_TABLE is missing',
        'JOBS_BUCKET is missing',
        'COGNITO_USER_POOL_ID is missing (or set JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URI instead)',
        'COGNITO_CLIENT_ID is missing (or set JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URI instead)',
        'PORT must be a whole number from 0 to 65535',
        '',
      ].join('\n'),
    });
  });

  test('needs no other file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
    await cp(SERVICE, join(folder, 'server.mjs'));
    expect(await runToEnd(join(folder, 'server.mjs'))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^JOBS_TABLE is missing\n/),
    });
    await rm(folder, { recursive: true });
  });
});

describe('the running service', () => {
  let stack: LocalStack;
  let gate: Gate;
  let service: ServiceProcess;
  let send: ReturnType<typeof overSocket>;
  let authorization: readonly [string, string];

  beforeAll(async () => {
    stack = await startStack();
    gate = await startGate(stack.env.AWS_ENDPOINT_URL_DYNAMODB);
    authorization = ['Authorization', await stack.tokenIssuer.issueToken('alice')];
  });

  afterAll(async () => {
    await gate.close();
    await stack.close();
  });

  beforeEach(() => {
    gate.open();
  });

  afterEach(async () => {
    service.kill('SIGKILL');
    await service.exitCode;
  });

  const start = async (env: Record<string, string> = {}) => {
    const settings = { AWS_ENDPOINT_URL_DYNAMODB: gate.endpoint, DRAIN_SECONDS: '0', ...env };
    service = await startService(SERVICE, { ...stack.env, ...settings });
    send = overSocket(service.origin);
  };

  /** Sends a request that waits for DynamoDB behind the shut gate. */
  const startSlowRequest = async () => {
    gate.shut();
    const response = send({ path: '/api/v1/jobs/list', headers: [authorization] });
    response.catch(() => undefined);
    await gate.waiting();
    return { response };
  };

  const logged = (message: string) => service.log.some((line) => line.includes(`"msg":"${message}"`));
  const untilLogged = (message: string) => until(() => logged(message));

  test('completes a slow request after SIGTERM, closes its connection, and exits with 0', async () => {
    await start();
    const slow = await startSlowRequest();
    service.kill('SIGTERM');
    await untilLogged('stopping');
    gate.open();
    const { status, body, headers } = await slow.response;
    expect({ status, body }).toEqual({ status: 200, body: '{"jobs":[]}' });
    expect(headers.connection).toBe('close');
    expect(await service.exitCode).toBe(0);
    expect(logged('stopped')).toBe(true);
  });

  test('is not ready while it drains, and still serves requests', async () => {
    await start({ DRAIN_SECONDS: '60' });
    expect(await send({ path: '/readyz' })).toMatchObject({ status: 200 });
    service.kill('SIGINT');
    await untilLogged('stopping');
    expect(await send({ path: '/readyz' })).toMatchObject({
      status: 503,
      body: '{"status":"not ready","failing":["shutting down"]}',
    });
    const list = await send({ path: '/api/v1/jobs/list', headers: [authorization] });
    expect(list).toMatchObject({ status: 200, body: '{"jobs":[]}' });
    service.kill('SIGINT');
    expect(await service.exitCode).toBe(1);
  });

  test('cuts off requests that outlast the grace time, and exits with 1', async () => {
    await start({ SHUTDOWN_GRACE_SECONDS: '1' });
    const slow = await startSlowRequest();
    service.kill('SIGTERM');
    await expect(slow.response).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await service.exitCode).toBe(1);
  });

  test('exits at once, with 1, at a second signal', async () => {
    await start({ SHUTDOWN_GRACE_SECONDS: '60' });
    await startSlowRequest();
    service.kill('SIGTERM');
    await untilLogged('stopping');
    service.kill('SIGTERM');
    expect(await service.exitCode).toBe(1);
  });

  test('exits with 0 when there are no requests', async () => {
    await start();
    service.kill('SIGINT');
    expect(await service.exitCode).toBe(0);
  });

  test('is not ready without the index that lists query, and logs why', async () => {
    await start({ JOBS_SUMMARY_INDEX: 'jobs-by-date' });
    expect(await send({ path: '/readyz' })).toMatchObject({
      status: 503,
      body: '{"status":"not ready","failing":["table"]}',
    });
    await untilLogged('not ready');
    const line = JSON.parse(service.log.find((entry) => entry.includes('"msg":"not ready"')) ?? '') as object;
    expect(line).toMatchObject({
      level: 'warn',
      failing: 'table',
      error: { message: 'the table has no global secondary index jobs-by-date' },
    });
  });

  test('serves the page /docs with everything that it loads', async () => {
    await start();
    const page = await fetch(`${service.origin}/docs`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const parts = [...(await page.text()).matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(parts).toHaveLength(4);
    for (const path of parts) {
      const part = await fetch(service.origin + path);
      expect([part.status, part.headers.get('content-type')]).toEqual([
        200,
        expect.stringMatching(path.endsWith('.js') ? /^text\/javascript/ : /^text\/css/),
      ]);
      expect(await part.text()).not.toBe('');
    }
    expect(await (await fetch(`${service.origin}/docs/start.js`)).text()).toContain('const token = null;');
  });

  test('returns 503 when DynamoDB does not respond in time', async () => {
    await start({ REQUEST_TIMEOUT_SECONDS: '1' });
    const slow = await startSlowRequest();
    expect(await slow.response).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
  });

  test('responds to malformed requests in JSON, and verifies a token of 15 KB', async () => {
    await start();
    const socket = connect(Number(new URL(service.origin).port), '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\nAuthorization: ${'x'.repeat(17_000)}\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1.1 431 [^]*\r\n\r\n{"message":"Request Header Fields Too Large"}$/);
    const headers = [['Authorization', 'x'.repeat(15_000)]] as const;
    expect(await send({ path: '/api/v1/jobs/list', headers })).toMatchObject({ status: 401 });
  });
});

test('returns a link to a file also while the table and the bucket are down', async () => {
  const stack = await startStack();
  const service = await startService(SERVICE, stack.env);
  const send = overSocket(service.origin);
  const headers = [['Authorization', await stack.tokenIssuer.issueToken('alice')]] as const;
  const path = '/api/v1/jobs/get-object-url?job-id=1&object-uuid=a.png';
  expect(await send({ path, headers })).toMatchObject({ status: 200 });
  await stack.close();
  expect(await send({ path, headers })).toMatchObject({ status: 200 });
  const down = { status: 503, body: '{"message":"Service Unavailable"}' };
  expect(await send({ path: '/api/v1/jobs/list', headers })).toMatchObject(down);
  expect(await send({ path: '/api/v1/jobs/get?job-id=1', headers })).toMatchObject(down);
  expect(await send({ method: 'DELETE', path: '/api/v1/jobs/delete?job-id=1', headers })).toMatchObject(down);
  expect(JSON.parse((await send({ path: '/readyz' })).body)).toEqual({
    status: 'not ready',
    failing: ['table', 'bucket'],
  });
  service.kill('SIGKILL');
  await service.exitCode;
});
