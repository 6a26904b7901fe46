import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { until } from '../harness/until.ts';
import { BASE, get, pageResponse, startHarness, type ClientsHarness } from './harness.ts';

let harness: ClientsHarness;

afterEach(() => harness.close());

const IN_FLIGHT = 'jobs_api_http_requests_in_flight';
const EVERY_LIST = Array.from({ length: 50 }, () => 200);

/** Checks that have to pass after any misbehaviour of clients. */
const expectUnharmed = async () => {
  await until(async () => (await harness.metric(IN_FLIGHT)) === 0);
  await expectNoMoreCalls();
  expect(await harness.statusesOf50Lists(await harness.token('bob'))).toEqual(EVERY_LIST);
  expect((await harness.memory()).peak).toBeLessThan(400);
};

/** No call reaches a dependency later than a second after the last client has disconnected. */
const expectNoMoreCalls = async () => {
  await sleep(1_000);
  const calls = harness.proxy.calls.length;
  await sleep(500);
  expect(harness.proxy.calls).toHaveLength(calls);
};

describe('clients that pipeline', () => {
  test.each([
    ['one connection with 1,500 requests for a file', 1, '/docs/swagger-ui.css', {}],
    ['one connection with 1,500 requests for a list', 1, `${BASE}/list`, {}],
    ['75 connections in a heap of 256 MB', 75, '/docs/swagger-ui.css', { NODE_OPTIONS: '--max-old-space-size=256' }],
  ])('leave nothing behind when they disconnect: %s', async (_, count, path, env) => {
    harness = await startHarness(env);
    const request = get(path, await harness.token('alice'));
    const sockets = Array.from({ length: count }, () => harness.open(request.repeat(1_500)));
    await sleep(200);
    for (const socket of sockets) socket.destroy();
    await expectUnharmed();
  });

  test('take no place for a request that waits behind an unread response', async () => {
    harness = await startHarness({ MAX_IN_FLIGHT: '60' });
    const request = get(`${BASE}/list`, await harness.token('alice'));
    const unread = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(8);
    const sockets = Array.from({ length: 10 }, () => harness.open(unread + request.repeat(20)));
    await sleep(500);
    expect(await harness.statusesOf50Lists(await harness.token('bob'))).toEqual(EVERY_LIST);
    for (const socket of sockets) socket.destroy();
    await expectUnharmed();
  });
});

test('1,000 unread responses of /docs take less than 100 MB, compressed or not', async () => {
  harness = await startHarness();
  const pages = ['identity', 'gzip', 'br'].map(
    (encoding) => `GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\nAccept-Encoding: ${encoding}\r\n\r\n`,
  );
  for (const page of pages) harness.open(page).resume();
  await sleep(1_500);
  const before = (await harness.memory()).now;
  const sockets = Array.from({ length: 333 }, () => pages.map((page) => harness.open(page.repeat(3)))).flat();
  await sleep(1_500);
  expect((await harness.memory()).now - before).toBeLessThan(100);
  for (const socket of sockets) socket.destroy();
  await expectUnharmed();
});

describe('clients that disconnect', () => {
  test('end their lists: no call reaches the table after the last client has disconnected', async () => {
    harness = await startHarness({ MAX_IN_FLIGHT: '50' });
    harness.proxy.play(async ({ name, nth }, forward) => {
      if (name !== 'Query') return forward();
      await sleep(300);
      return pageResponse(nth, []);
    });
    const request = get(`${BASE}/list`, await harness.token('alice'));
    for (let client = 0; client < 300; client++) {
      const socket = harness.open(request);
      setTimeout(() => socket.destroy(), 20);
      await sleep(5);
    }
    await until(async () => (await harness.metric(IN_FLIGHT)) === 0);
    // One call for each list, and a second one if the page arrived while its client disconnected. A whole list takes 40.
    expect(harness.proxy.calls.length).toBeLessThan(600);
    await expectNoMoreCalls();
    await harness.proxy.restore();
    await expectUnharmed();
  });

  test('do not end a delete, which ends at its deadline', async () => {
    harness = await startHarness({ REQUEST_TIMEOUT_SECONDS: '3' });
    let objects = 0;
    harness.proxy.play(({ name }, forward) => {
      if (name !== 'ListObjectVersions') return forward();
      const key = `alice/1/${++objects}`;
      const version = `<Version><Key>${key}</Key><VersionId>null</VersionId></Version>`;
      const body = Buffer.from(
        `<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${version}</ListVersionsResult>`,
      );
      return { status: 200, headers: { 'content-type': 'application/xml' }, body };
    });
    const socket = connect(Number(new URL(harness.service.origin).port), '127.0.0.1');
    socket.write(get(`${BASE}/delete?job-id=1`, await harness.token('alice')).replace('GET', 'DELETE'));
    await until(() => harness.proxy.calls.some(({ name }) => name === 'DeleteObjects'));
    socket.destroy();
    await sleep(500);
    expect(await harness.metric(IN_FLIGHT)).toBe(1);
    await until(async () => (await harness.metric(IN_FLIGHT)) === 0);
    await expectNoMoreCalls();
    const line = harness.service.log.find((entry) => entry.includes('"method":"DELETE"')) ?? '';
    expect(JSON.parse(line)).toMatchObject({
      aborted: true,
      user_id: 'alice',
      job_id: 1,
      error: { name: 'Unavailable' },
    });
  });
});

test('a request body of 300 KB that arrives slowly has no effect', async () => {
  harness = await startHarness({ REQUEST_TIMEOUT_SECONDS: '30' });
  harness.proxy.play(async ({ name }, forward) => {
    if (name === 'DeleteItem') await sleep(13_000);
    return forward();
  });
  const socket = harness.open(
    `DELETE ${BASE}/delete?job-id=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 300000\r\n` +
      `Authorization: ${await harness.token('alice')}\r\n\r\n`,
  );
  const dripping = setInterval(() => socket.write('x'), 100);
  const received = await text(socket);
  clearInterval(dripping);
  // Both are correct: the SDK may end the call before it succeeds. The slow body must not end the request.
  expect(received).toMatch(/^HTTP\/1.1 (200 OK|503 Service Unavailable)\r\n/);
});

test.each([
  ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['no HTTP', 'GARBAGE\r\n\r\n'],
  ['an Expect header', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n'],
])('clients that send %s and reset the connection at any moment do not end the service', async (_, bytes) => {
  harness = await startHarness();
  for (let client = 0; client < 150; client++) {
    const socket = harness.open(bytes);
    setTimeout(() => socket.resetAndDestroy(), client % 7);
    await sleep(2);
  }
  await expectUnharmed();
});

describe('a stop', () => {
  test('waits for a delete whose client has disconnected', async () => {
    harness = await startHarness({ DRAIN_SECONDS: '0' });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    harness.proxy.play(async ({ name }, forward) => {
      if (name === 'DeleteItem') await held;
      return forward();
    });
    const socket = harness.open(get(`${BASE}/delete?job-id=1`, await harness.token('alice')).replace('GET', 'DELETE'));
    await until(() => harness.proxy.calls.some(({ name }) => name === 'DeleteItem'));
    socket.destroy();
    harness.service.kill('SIGTERM');
    let hasExited = false;
    void harness.service.exitCode.then(() => (hasExited = true));
    await sleep(1_000);
    expect(hasExited).toBe(false);
    release();
    expect(await harness.service.exitCode).toBe(0);
    expect(harness.service.log.some((line) => line.includes('"method":"DELETE"'))).toBe(true);
  });

  test('does not wait for connections that have sent nothing or half a request, and exits with 0', async () => {
    harness = await startHarness({ DRAIN_SECONDS: '0', SHUTDOWN_GRACE_SECONDS: '300' });
    const sockets = Array.from({ length: 20 }, (_, index) => harness.open(index % 2 ? 'GET / HTTP/1.1\r\nHo' : ''));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await harness.send({ path: '/healthz' });
    harness.service.kill('SIGTERM');
    expect(await harness.service.exitCode).toBe(0);
  });

  test('is announced by every response from its first moment', async () => {
    harness = await startHarness({ DRAIN_SECONDS: '60' });
    harness.service.kill('SIGTERM');
    await until(() => harness.service.log.some((line) => line.includes('"stopping"')));
    for (const path of ['/healthz', '/readyz', `${BASE}/list`, '/docs', '/nowhere'])
      expect((await harness.send({ path })).headers.connection).toBe('close');
  });
});
