// The client against a service with faults. It is the service's app on a real socket; only its stores are in memory.
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createJobsClient, type JobsApiError, type JobsClientOptions } from '@jobs-api/client';
import type { MemoryJobStore } from '@jobs-api/core/testing';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { createMemoryApp } from '../harness/memory-app.ts';

interface SentRequest {
  readonly url: string;
  readonly method: string;
  readonly token: string;
  readonly requestId: string | string[] | undefined;
}

const JOBS = [1, 2, 3, 4, 5, 6, 7];

let server: Server;
let origin: string;
let app: RequestListener;
let token: string;
let jobStore: MemoryJobStore;
/** Requests that reached the service. */
let requests: SentRequest[];
/** Responses that come before those of the app, each once; `undefined` leaves the request to the app. */
let faults: (RequestListener | undefined)[];

const listener: RequestListener = (request, response) => {
  const { url = '', method = '', headers } = request;
  const [, used = ''] = (headers.authorization ?? '').split(' ');
  requests.push({ url, method, token: used, requestId: headers['x-request-id'] });
  (faults.shift() ?? app)(request, response);
};

const start = async (port = 0) => {
  server = createServer(listener);
  origin = await listen(server, port);
};

const stop = () => closeServer(server);

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(code, headers).end('{"message":"made up"}');
const unavailable = status(503, { 'Retry-After': '0' });
const reset: RequestListener = (request) => void request.socket.destroy();
/** Sends half of a response, and closes the connection. */
const cutOff: RequestListener = (_, response) => {
  response.writeHead(200, { 'Content-Length': '100' });
  response.write('{"jobs":[');
  setImmediate(() => response.destroy());
};

beforeEach(async () => {
  [requests, faults] = [[], []];
  ({ app, jobStore, token } = createMemoryApp());
  for (const jobId of JOBS) jobStore.put({ userId: 'alice', jobId, status: 'success' });
  await start();
});

afterEach(stop);

const client = (options: { [Name in keyof JobsClientOptions]?: JobsClientOptions[Name] | undefined } = {}) =>
  createJobsClient({ baseUrl: origin, token, ...options } as JobsClientOptions).jobs;

const collect = async (jobs: AsyncIterable<{ job_id: number }>, found: number[] = []) => {
  for await (const { job_id } of jobs) found.push(job_id);
  return found;
};

describe('a request is repeated', () => {
  test.each([
    ['429', status(429)],
    ['502', status(502)],
    ['503', status(503)],
    ['504', status(504)],
    ['a connection that is reset', reset],
    ['a response that is cut off', cutOff],
  ])('twice after %s', async (_, fault) => {
    faults = [fault, fault];
    expect(await collect(client().list())).toEqual(JOBS);
    expect(requests).toHaveLength(3);
  });

  test('as a delete too', async () => {
    faults = [reset, unavailable];
    await client().delete(1);
    expect(jobStore.has('alice', 1)).toBe(false);
    expect(requests.map(({ method }) => method)).toEqual(['DELETE', 'DELETE', 'DELETE']);
  });

  test('no more often than maxRetries', async () => {
    faults = [unavailable, unavailable, unavailable, unavailable];
    await expect(client().get(1)).rejects.toMatchObject({ code: 'UNAVAILABLE', status: 503, retryAfterSeconds: 0 });
    expect(requests).toHaveLength(3);
    faults = [unavailable];
    await expect(client({ maxRetries: 0 }).get(1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(requests).toHaveLength(4);
  });

  test('under the same request id', async () => {
    faults = [unavailable];
    await client().delete(1, { requestId: 'nightly-7' });
    expect(requests.map(({ requestId }) => requestId)).toEqual(['nightly-7', 'nightly-7']);
  });

  test.each([400, 401, 404, 409, 500])('never after %i', async (code) => {
    faults = [status(code)];
    await expect(client().get(1)).rejects.toMatchObject({ status: code });
    expect(requests).toHaveLength(1);
  });

  test('never when Retry-After is longer than a minute: the error has it', async () => {
    faults = [status(503, { 'Retry-After': '3600' })];
    await expect(client().get(1)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 3600 });
    const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
    faults = [status(429, { 'Retry-After': inAnHour })];
    const error = await client()
      .get(1)
      .catch((caught: unknown) => caught);
    expect((error as JobsApiError).retryAfterSeconds).toBeGreaterThan(3_500);
    expect(requests).toHaveLength(2);
  });

  test('no longer when the signal aborts during the wait', async () => {
    const controller = new AbortController();
    faults = [
      (request, response) => {
        status(503, { 'Retry-After': '50' })(request, response);
        setTimeout(() => controller.abort(new Error('enough')), 50);
      },
    ];
    await expect(client().get(1, { signal: controller.signal })).rejects.toThrow('enough');
    expect(requests).toHaveLength(1);
  });

  test('and rejects with the error of fetch when there is no service', async () => {
    const jobs = client();
    await stop();
    await expect(jobs.delete(1)).rejects.toMatchObject({ name: 'TypeError' });
    await start();
  });
});

describe('onUnauthorized', () => {
  test('renews a token that has expired, and the request is repeated with it', async () => {
    let renewals = 0;
    const jobs = client({ token: 'expired', onUnauthorized: () => (renewals++, token) });
    expect(await collect(jobs.list({ pageSize: 3 }))).toEqual(JOBS);
    expect(requests.map((request) => request.token)).toEqual(['expired', token, token, token]);
    expect(renewals).toBe(1);
  });

  test('is called once per request', async () => {
    const jobs = client({ token: 'expired', onUnauthorized: async () => 'expired-too' });
    await expect(jobs.get(1)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(requests.map((request) => request.token)).toEqual(['expired', 'expired-too']);
  });

  test('is called once for requests that are rejected at the same time', async () => {
    let renewals = 0;
    const jobs = client({
      token: 'expired',
      onUnauthorized: async () => {
        renewals++;
        await new Promise((resolve) => setTimeout(resolve, 50));
        return token;
      },
    });
    await Promise.all(JOBS.map((jobId) => jobs.get(jobId)));
    expect(renewals).toBe(1);
  });

  test('works with getToken, which is called for the next request', async () => {
    const tokens = ['expired', token];
    const jobs = client({ token: undefined, getToken: () => tokens.shift() ?? '', onUnauthorized: () => token });
    await jobs.get(1);
    await jobs.get(2);
    expect(requests.map((request) => request.token)).toEqual(['expired', token, token]);
  });

  test('that fails ends the call, and is called again for the next one', async () => {
    let renewals = 0;
    const renew = () => {
      if (renewals++ === 0) throw new Error('signed out');
      return token;
    };
    const jobs = client({ token: 'expired', onUnauthorized: renew });
    await expect(jobs.get(1)).rejects.toThrow('signed out');
    expect((await jobs.get(1)).job_info.job_id).toBe(1);
  });
});

describe('a list has each job once', () => {
  test('when the service is slow', async () => {
    const slow: RequestListener = (request, response) => void setTimeout(() => app(request, response), 300);
    faults = [slow, slow, slow];
    expect(await collect(client().list({ pageSize: 3 }))).toEqual(JOBS);
  });

  test('when the token expires in the middle', async () => {
    const tokens = [token, 'expired'];
    const jobs = client({ token: undefined, getToken: () => tokens.shift() ?? token, onUnauthorized: () => token });
    expect(await collect(jobs.list({ pageSize: 3 }))).toEqual(JOBS);
  });

  test('when the service is replaced in the middle', async () => {
    const port = Number(new URL(origin).port);
    const found: number[] = [];
    for await (const { job_id } of client().list({ pageSize: 3 })) {
      found.push(job_id);
      if (job_id !== 3) continue;
      await stop();
      setTimeout(() => void start(port), 200);
    }
    expect(found).toEqual(JOBS);
  });

  test('or an error, and continues with the job that is missing when it is read again', async () => {
    faults = [undefined, reset, reset, reset];
    const list = client().list({ pageSize: 3 });
    const found: number[] = [];
    await expect(collect(list, found)).rejects.toMatchObject({ name: 'TypeError' });
    expect(found).toEqual([1, 2, 3]);
    expect(await collect(list, found)).toEqual(JOBS);
    expect(await list.next()).toEqual({ done: true, value: undefined });
  });

  test('or an error each time, as long as the service is down', async () => {
    const list = client({ maxRetries: 0 }).list({ pageSize: 3 });
    faults = [undefined, unavailable, unavailable];
    for (let jobId = 1; jobId <= 3; jobId++) await list.next();
    await expect(list.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(list.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await collect(list)).toEqual([4, 5, 6, 7]);
  });

  test('or an error, when a response is not a list', async () => {
    const json = (body: string) => (_: unknown, response: { end: (text: string) => void }) => response.end(body);
    for (const body of ['{}', '{"jobs":null}', 'null', '[]', '"jobs"', '<html>']) {
      faults = [undefined, json(body)];
      const found: number[] = [];
      await expect(collect(client().list({ pageSize: 3 }), found)).rejects.toMatchObject({ code: 'UNEXPECTED' });
      expect(found).toEqual([1, 2, 3]);
    }
  });

  test('when next is called without waiting', async () => {
    const list = client().list({ pageSize: 2 });
    const results = await Promise.all([...JOBS, 0].map(() => list.next()));
    expect(results.map(({ value }) => value?.job_id)).toEqual([...JOBS, undefined]);
    expect(requests).toHaveLength(4);
  });

  test('when a loop breaks and another one continues', async () => {
    const list = client().list({ pageSize: 3 });
    for await (const { job_id } of list) if (job_id === 2) break;
    expect(await collect(list)).toEqual([3, 4, 5, 6, 7]);
  });

  test('page by page', async () => {
    const jobs = client();
    const found: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await jobs.page({ limit: 3, cursor });
      found.push(...page.jobs.map(({ job_id }) => job_id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(found).toEqual(JOBS);
  });
});

describe('deleteMany', () => {
  test('reports each job once, also those that cannot be deleted', async () => {
    faults = [undefined, status(500), undefined, reset, unavailable];
    const results = [];
    for await (const result of client().deleteMany(JOBS, { concurrency: 3 })) results.push(result);
    expect(results.map(({ jobId }) => jobId).sort()).toEqual(JOBS);
    const failed = results.filter(({ isDeleted }) => !isDeleted);
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject({ error: { status: 500 } });
    expect(JOBS.filter((jobId) => jobStore.has('alice', jobId))).toEqual(failed.map(({ jobId }) => jobId));
  });

  test('sends at most concurrency requests at once', async () => {
    let running = 0;
    let most = 0;
    const counted: RequestListener = (request, response) => {
      most = Math.max(most, ++running);
      response.on('close', () => running--);
      setTimeout(() => app(request, response), 30);
    };
    faults = JOBS.map(() => counted);
    for await (const { isDeleted } of client().deleteMany(JOBS, { concurrency: 2 })) expect(isDeleted).toBe(true);
    expect(most).toBe(2);
  });

  test('starts no further delete after break', async () => {
    for await (const { jobId } of client().deleteMany(JOBS, { concurrency: 1 })) if (jobId === 2) break;
    expect(requests).toHaveLength(2);
  });

  test('throws when its signal aborts', async () => {
    const controller = new AbortController();
    const results: unknown[] = [];
    const all = async () => {
      for await (const result of client().deleteMany(JOBS, { concurrency: 1, signal: controller.signal })) {
        results.push(result);
        controller.abort(new Error('enough'));
      }
    };
    await expect(all()).rejects.toThrow('enough');
    expect(results).toHaveLength(1);
  });
});
