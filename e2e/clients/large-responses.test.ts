import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { until } from '../harness/until.ts';
import {
  BASE,
  get,
  itemResponse,
  lastPageResponse,
  pageResponse,
  startHarness,
  type ClientsHarness,
} from './harness.ts';

let harness: ClientsHarness;

afterEach(() => harness.close());

/** As long as that of a role. */
const SESSION_TOKEN = 'T'.repeat(1_400);

/** How long the connections are held: until after those that do not read are disconnected. */
const HELD_MS = 40_000;

const LARGEST = itemResponse(75_000, 'short');
const THOUSAND_FILES = itemResponse(1_000, 'uuids');
const THREE_HUNDRED_FILES = itemResponse(300, 'uuids');

/** Has the table return the largest record for job 1, and others for jobs 2 and 3. */
const playRecords = () =>
  harness.proxy.play(({ name }, forward, body) => {
    if (name !== 'GetItem') return forward();
    const { Key } = JSON.parse(body?.toString() ?? '{}') as { Key: { jobId: { N: string } } };
    return { '1': LARGEST, '2': THOUSAND_FILES, '3': THREE_HUNDRED_FILES }[Key.jobId.N] ?? forward();
  });

/** Has the table return so many pages of the same items for a list. */
const playPages = (pages: number, items: readonly object[]) =>
  harness.proxy.play(({ name, nth }, forward) => {
    if (name !== 'Query') return forward();
    return nth > pages ? lastPageResponse() : pageResponse(nth, items);
  });

describe('1,000 connections that do not read a response of 3.7 MB', () => {
  test('harm no other user and no slow reader, and are closed', async () => {
    harness = await startHarness({ AWS_SESSION_TOKEN: SESSION_TOKEN });
    playRecords();
    const unread = get(`${BASE}/get?job-id=2`, await harness.token('alice'));
    const sockets = Array.from({ length: 1_000 }, () => harness.open(unread));
    const other = await harness.token('bob');

    const slow = harness.open(get(`${BASE}/get?job-id=2`, await harness.token('carol'), 'Connection: close'));
    let received = 0;
    const reading = setInterval(() => {
      const bytes = (slow.read(256_000) ?? slow.read()) as Buffer | null;
      received += bytes?.length ?? 0;
    }, 1_000);
    let isRead = false;
    slow.once('end', () => (isRead = true));

    const statuses = new Set<number>();
    const began = performance.now();
    while (performance.now() - began < HELD_MS) {
      const { status } = await harness.send({ path: `${BASE}/list`, headers: [['Authorization', other]] });
      statuses.add(status);
      await sleep(100);
    }
    expect([...statuses]).toEqual([200]);
    expect((await harness.memory()).peak).toBeLessThan(512);
    await until(() => isRead);
    clearInterval(reading);
    expect(received).toBeGreaterThan(3_600_000);
    for (const socket of sockets) socket.resume();
    await until(() => sockets.every((socket) => socket.closed));
    expect(await harness.metric('jobs_api_http_requests_in_flight')).toBe(0);
  }, 180_000);
});

describe('the largest possible record', () => {
  test('is sent four times at once by a process with a heap of 256 MB', async () => {
    harness = await startHarness({ AWS_SESSION_TOKEN: SESSION_TOKEN, NODE_OPTIONS: '--max-old-space-size=256' });
    playRecords();
    const request = get(`${BASE}/get?job-id=1&include=object-urls`, await harness.token('alice'), 'Connection: close');
    const sizes = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const socket = harness.open(request);
        let size = 0;
        let end = '';
        for await (const chunk of socket as AsyncIterable<Buffer>) {
          size += chunk.length;
          end = chunk.toString('latin1').slice(-20);
        }
        return { size, isWhole: end.endsWith('}}\r\n\r\n0\r\n\r\n') || end.endsWith('0\r\n\r\n') };
      }),
    );
    for (const { size, isWhole } of sizes) {
      expect(size).toBeGreaterThan(200_000_000);
      expect(isWhole).toBe(true);
    }
    expect((await harness.memory()).peak).toBeLessThan(400);
    expect(await harness.send({ path: '/healthz' })).toMatchObject({ status: 200 });
  });

  test('abandoned twenty times delays no other user', async () => {
    harness = await startHarness({ AWS_SESSION_TOKEN: SESSION_TOKEN });
    playRecords();
    const request = get(`${BASE}/get?job-id=1&include=object-urls`, await harness.token('alice'));
    const headers = [['Authorization', await harness.token('bob')]] as const;
    for (let client = 0; client < 20; client++) {
      const socket = harness.open(request);
      setTimeout(() => socket.destroy(), 30);
    }
    for (let time = 0; time < 5; time++)
      expect(await harness.send({ path: `${BASE}/get?job-id=3`, headers })).toMatchObject({ status: 200 });
    // All requests have ended: abandoned responses were not completed.
    await until(async () => (await harness.metric('jobs_api_http_requests_in_flight')) === 0);
    expect((await harness.memory()).peak).toBeLessThan(300);
  });
});

test('a list of 240 MB is sent in little memory', async () => {
  harness = await startHarness();
  const items = Array.from({ length: 10 }, (_, index) => ({
    jobId: { N: String(index + 1) },
    jobName: { S: '\u0001'.repeat(100_000) },
  }));
  playPages(40, items);
  const socket = harness.open(get(`${BASE}/list`, await harness.token('alice'), 'Connection: close'));
  let size = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) size += chunk.length;
  expect(size).toBeGreaterThan(240_000_000);
  expect((await harness.memory()).peak).toBeLessThan(400);
});

test('100,000 records that cannot be read are one line of the log of at most 16 KB, with reasons, and a metric', async () => {
  harness = await startHarness();
  const items = Array.from({ length: 1_000 }, (_, index) => ({
    jobId: { N: String(index + 1) },
    contentLength: { S: 'x' },
  }));
  playPages(100, items);
  const headers = [['Authorization', await harness.token('alice')]] as const;
  expect(await harness.send({ path: `${BASE}/list`, headers })).toMatchObject({ status: 200, body: '{"jobs":[]}' });
  await until(() => harness.service.log.some((line) => line.includes('unreadable')));
  const line = harness.service.log.find((entry) => entry.includes('unreadable')) ?? '';
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(16_384);
  const { unreadable_records, unreadable_jobs } = JSON.parse(line) as {
    unreadable_records: number;
    unreadable_jobs: object[];
  };
  expect(unreadable_records).toBe(100_000);
  expect(unreadable_jobs).toHaveLength(20);
  expect(unreadable_jobs[0]).toEqual({ job_id: '1', reason: expect.stringContaining('contentLength') });
  expect(await harness.metric('jobs_api_unreadable_records_total')).toBe(100_000);
});
