import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { overSocket } from '@jobs-api/http-express/testing/contracts';
import { SERVICE } from '../harness/built.ts';
import { startGate, type Gate } from '../harness/gate.ts';
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
 * Opens a connection, sends the beginning of a request and then a byte a second, for as long as there is somebody to
 * send to.
 *
 * @returns what came back, and after how many seconds the connection was closed
 */
const dawdle = async (beginning: string, drop = ''): Promise<{ answer: string; seconds: number }> => {
  const started = performance.now();
  const socket = connect(Number(new URL(service.origin).port), '127.0.0.1');
  socket.on('error', () => undefined); // of a byte that is sent to a closed connection
  if (beginning) socket.write(beginning);
  const dripping = drop ? setInterval(() => socket.write(drop), 1_000) : undefined;
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(dripping);
  return { answer, seconds: (performance.now() - started) / 1000 };
};

describe('a connection', () => {
  test('that has sent no whole request header within 10 s is closed, and nobody waits for it meanwhile', async () => {
    await start();
    const ask = overSocket(service.origin);
    const slow = Promise.all([
      ...Array.from({ length: 100 }, () => dawdle('GET /healthz HTTP/1.1\r\nHost: a\r\nX: ', 'x')),
      ...Array.from({ length: 100 }, () => dawdle('')),
      dawdle('', '\r\n'),
    ]);
    expect(await ask({ path: '/healthz' })).toMatchObject({ status: 200 });
    for (const { answer, seconds } of await slow) {
      expect(answer).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n[^]*\r\n\r\n{"message":"Request Timeout"}$/);
      expect(seconds).toBeGreaterThan(9);
      // A second or two in fact. Node looks only every 30 s unless it is told otherwise, which would be 20 more.
      expect(seconds).toBeLessThan(20);
    }
    expect(await ask({ path: '/healthz' })).toMatchObject({ status: 200 });
  });

  test('that takes its time with a body that nobody reads is answered at once, and closed as soon', async () => {
    await start();
    const head = 'DELETE /api/v1/jobs/delete?job-id=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n';
    const { answer, seconds } = await dawdle(head, 'x');
    expect(answer).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n/);
    expect(seconds).toBeLessThan(20);
  });

  test('that is idle between requests is closed after KEEP_ALIVE_SECONDS', async () => {
    await start({ KEEP_ALIVE_SECONDS: '1' });
    const { answer, seconds } = await dawdle('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*{"status":"ok"}$/);
    expect(seconds).toBeLessThan(20);
  });
});

test('requests beyond MAX_IN_FLIGHT are answered 503 at once, and those within it as ever', async () => {
  await start({ MAX_IN_FLIGHT: '5', REQUEST_TIMEOUT_SECONDS: '60' });
  const ask = overSocket(service.origin);
  const headers = [['Authorization', await stack.tokenIssuer.issueToken('alice')]] as const;
  gate.shut();
  const shed: unknown[] = [];
  let sawAllShed: () => void = () => undefined;
  const allShed = new Promise<void>((resolve) => (sawAllShed = resolve));
  const answers = Array.from({ length: 50 }, async () => {
    const answer = await ask({ path: '/api/v1/jobs/list', headers });
    if (answer.status === 503 && shed.push(answer) === 45) sawAllShed();
    return answer;
  });
  await allShed;
  for (const answer of shed)
    expect(answer).toMatchObject({ body: '{"message":"Service Unavailable"}', headers: { 'retry-after': '1' } });
  expect(await ask({ path: '/healthz' })).toMatchObject({ status: 200 });
  gate.open();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
  expect(await ask({ path: '/api/v1/jobs/list', headers })).toMatchObject({ status: 200 });
});
