import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { startGate, type Gate } from '@jobs-api/local/loopback';
import { overSocket } from '@jobs-api/http-express/testing/contracts';
import { SERVICE } from '../harness/built.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

let stack: LocalStack;
let gate: Gate;
let service: ServiceProcess;

beforeAll(async () => {
  stack = await startStack();
  gate = await startGate(stack.env.AWS_ENDPOINT_URL_DYNAMODB);
});

afterAll(async () => {
  await gate.close();
  await stack.close();
});

afterEach(async () => {
  gate.open();
  service.kill('SIGKILL');
  await service.exitCode;
});

const start = async (env: Record<string, string> = {}) => {
  service = await startService(SERVICE, { ...stack.env, AWS_ENDPOINT_URL_DYNAMODB: gate.endpoint, ...env });
};

/**
 * Opens a connection, sends the beginning of a request and then a byte a second, for as long as the connection is
 * open.
 *
 * @returns the response, and the seconds until the connection was closed
 */
const dawdle = async (beginning: string, drop = ''): Promise<{ response: string; seconds: number }> => {
  const started = performance.now();
  const socket = connect(Number(new URL(service.origin).port), '127.0.0.1');
  socket.on('error', () => undefined); // a byte was sent to a closed connection
  if (beginning) socket.write(beginning);
  const dripping = drop ? setInterval(() => socket.write(drop), 1_000) : undefined;
  let response = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (response += chunk));
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(dripping);
  return { response, seconds: (performance.now() - started) / 1000 };
};

describe('a connection', () => {
  test('that has sent no complete request header within 10 s is closed, and other requests do not wait for it', async () => {
    await start();
    const send = overSocket(service.origin);
    const slow = Promise.all([
      ...Array.from({ length: 100 }, () => dawdle('GET /healthz HTTP/1.1\r\nHost: a\r\nX: ', 'x')),
      ...Array.from({ length: 100 }, () => dawdle('')),
      dawdle('', '\r\n'),
    ]);
    expect(await send({ path: '/healthz' })).toMatchObject({ status: 200 });
    for (const { response, seconds } of await slow) {
      expect(response).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n[^]*\r\n\r\n{"message":"Request Timeout"}$/);
      expect(seconds).toBeGreaterThan(9);
      // It takes a second or two more. With Node's default, a check every 30 s, it would take 20 more.
      expect(seconds).toBeLessThan(20);
    }
    expect(await send({ path: '/healthz' })).toMatchObject({ status: 200 });
  });

  test('that sends an unread body slowly gets its response at once, and is closed', async () => {
    await start();
    const head = 'DELETE /api/v1/jobs/delete?job-id=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n';
    const { response, seconds } = await dawdle(head, 'x');
    expect(response).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n/);
    expect(seconds).toBeLessThan(20);
  });

  test('that is idle between requests is closed after KEEP_ALIVE_SECONDS', async () => {
    await start({ KEEP_ALIVE_SECONDS: '1' });
    const { response, seconds } = await dawdle('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(response).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*{"status":"ok"}$/);
    expect(seconds).toBeLessThan(20);
  });
});

test('requests beyond MAX_IN_FLIGHT get 503 at once, and those within it are served', async () => {
  await start({ MAX_IN_FLIGHT: '5', REQUEST_TIMEOUT_SECONDS: '60' });
  const send = overSocket(service.origin);
  const headers = [['Authorization', await stack.tokenIssuer.issueToken('alice')]] as const;
  gate.shut();
  const shed: unknown[] = [];
  let sawAllShed: () => void = () => undefined;
  const allShed = new Promise<void>((resolve) => (sawAllShed = resolve));
  const responses = Array.from({ length: 50 }, async () => {
    const response = await send({ path: '/api/v1/jobs/list', headers });
    if (response.status === 503 && shed.push(response) === 45) sawAllShed();
    return response;
  });
  await allShed;
  for (const response of shed)
    expect(response).toMatchObject({ body: '{"message":"Service Unavailable"}', headers: { 'retry-after': '1' } });
  expect(await send({ path: '/healthz' })).toMatchObject({ status: 200 });
  gate.open();
  const statuses = (await Promise.all(responses)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
  expect(await send({ path: '/api/v1/jobs/list', headers })).toMatchObject({ status: 200 });
});
