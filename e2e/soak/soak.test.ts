import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import autocannon from 'autocannon';
import { SERVICE } from '../harness/built.ts';
import { HEAP_PROBE, startService } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

const ROUNDS = 10;
const REQUESTS_A_ROUND = 2_000;

/** Limit for the growth of the heap from the second round to the last. A leak of 200 bytes a request adds 3 MB. */
const MAX_GROWTH_BYTES = 2_000_000;

interface Probe {
  readonly heap_bytes: number;
  readonly handles: Readonly<Record<string, number>>;
}

test(`${ROUNDS * REQUESTS_A_ROUND} requests of all kinds leave nothing on the heap and no handle`, async () => {
  const stack = await startStack();
  // The number of kept-alive connections would vary from run to run.
  const service = await startService(SERVICE, {
    ...stack.env,
    KEEP_ALIVE_SECONDS: '1',
    NODE_OPTIONS: `--import=${HEAP_PROBE}`,
  });
  const users = Array.from({ length: 50 }, (_, index) => `user-${index}`);
  const tokens = await Promise.all(users.map((userId) => stack.tokenIssuer.issueToken(userId)));
  for (const userId of users) {
    const objectUuidNames = { 'a.png': 'A', 'b.wav': 'B' };
    await stack.table.putMany([1, 2, 3].map((jobId) => ({ userId, jobId, status: 'success', objectUuidNames })));
  }
  const requests = tokens.flatMap((authorization) =>
    [
      ['GET', '/list'],
      ['GET', '/list?limit=1'],
      ['GET', '/get?job-id=1&include=object-urls'],
      ['GET', '/get?job-id=99'],
      ['GET', '/get-object-url?job-id=1&object-uuid=a.png'],
      ['DELETE', '/delete?job-id=3'],
      ['GET', '/get?job-id=x'],
      ['GET', '/nowhere'],
    ].map(([method, target]) => ({
      method: method as 'GET' | 'DELETE',
      path: `/api/v1/jobs${target}`,
      headers: { authorization },
    })),
  );
  requests.push({ method: 'GET', path: '/api/v1/jobs/list', headers: { authorization: 'none' } });

  /** Closes connections before there is a response. */
  const hangUp = async () => {
    for (let time = 1; time <= 20; time++) {
      const socket = connect(Number(new URL(service.origin).port), '127.0.0.1');
      socket.on('error', () => undefined);
      const head = `GET /api/v1/jobs/list HTTP/1.1\r\nHost: a\r\nAuthorization: ${tokens[0]}\r\n\r\n`;
      await new Promise((resolve) => socket.write(head, resolve));
      socket.destroy();
    }
  };

  const probes = () => service.log.filter((line) => line.includes('"msg":"probe"'));
  const probe = async (): Promise<Probe> => {
    const before = probes().length;
    service.kill('SIGUSR2');
    while (probes().length === before) await sleep(10);
    return JSON.parse(probes().at(-1) ?? '') as Probe;
  };
  const count = ({ handles }: Probe) => Object.values(handles).reduce((sum, number) => sum + number, 0);

  /** Returns what is left when no connection is open. */
  const settled = async (): Promise<Probe> => {
    let before = Infinity;
    for (;;) {
      const found = await probe();
      if (count(found) >= before) return found;
      before = count(found);
      await sleep(3_000);
    }
  };

  const left: Probe[] = [];
  let received = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const load = { url: service.origin, connections: 10, amount: REQUESTS_A_ROUND, timeout: 60, requests };
    const { '2xx': ok, '4xx': refused, '5xx': failed, errors } = await autocannon(load);
    expect({ failed, errors }).toEqual({ failed: 0, errors: 0 });
    received += ok + refused;
    await hangUp();
    left.push(await settled());
  }
  service.kill('SIGTERM');
  expect(await service.exitCode).toBe(0);
  expect(service.errors).toEqual([]);
  await stack.close();

  for (const found of left) {
    const handles = JSON.stringify(found.handles);
    process.stdout.write(`heap ${(found.heap_bytes / 1e6).toFixed(2)} MB, ${count(found)} handles ${handles}\n`);
  }
  expect(received).toBe(ROUNDS * REQUESTS_A_ROUND);
  // The first round fills what is kept on purpose: compiled code, verified tokens, connections to AWS.
  const [, start, ...later] = left as [Probe, Probe, ...Probe[]];
  for (const found of later) {
    expect(found.heap_bytes).toBeLessThan(start.heap_bytes + MAX_GROWTH_BYTES);
    expect(count(found)).toBeLessThanOrEqual(count(start) + 10);
  }
}, 3_600_000);
