import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createJobsClient,
  JobsApiError,
  type Job,
  type JobsClientOptions,
  type KnownJobStatus,
} from '@jobs-api/client';
import { Unavailable, type jobStatuses } from '@jobs-api/core';
import type { MemoryJobStore } from '@jobs-api/core/testing';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { createMemoryApp } from '../harness/memory-app.ts';

let server: Server;
let baseUrl: string;
let app: RequestListener;
let jobStore: MemoryJobStore;
let token: string;

const serve = async (listener: RequestListener) => {
  server = createServer(listener);
  baseUrl = await listen(server);
};

beforeEach(() => {
  ({ app, jobStore, token } = createMemoryApp());
});

afterEach(() => closeServer(server));

/** The error that a call rejects with. */
const errorOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('the call succeeded');
};

const numbers = async (jobs: AsyncIterable<{ job_id: number }>) => {
  const found: number[] = [];
  for await (const { job_id } of jobs) found.push(job_id);
  return found;
};

describe('jobs.list', () => {
  /** The queries that were sent. */
  let queries: string[];
  const recording: typeof fetch = async (url, init) => {
    queries.push(new URL(url).search);
    return fetch(url, init);
  };
  const jobs = () => createJobsClient({ baseUrl, token, fetch: recording }).jobs;

  beforeEach(async () => {
    queries = [];
    for (let jobId = 1; jobId <= 5; jobId++)
      jobStore.put({ userId: 'alice', jobId, status: jobId % 2 === 0 ? 'queued' : 'success' });
    await serve(app);
  });

  test('returns the jobs of every page', async () => {
    expect(await numbers(jobs().list({ pageSize: 2 }))).toEqual([1, 2, 3, 4, 5]);
    expect(queries).toHaveLength(3);
    expect(queries[0]).toBe('?limit=2');
  });

  test('sends the status and the order with every page', async () => {
    expect(await numbers(jobs().list({ status: 'success', order: 'desc', pageSize: 2 }))).toEqual([5, 3, 1]);
    for (const query of queries) expect(query).toMatch(/^\?status=success&order=desc&limit=2/);
  });

  test('requests no page that is not read', async () => {
    for await (const { job_id } of jobs().list({ pageSize: 2 })) if (job_id === 2) break;
    expect(queries).toHaveLength(1);
  });

  test('rejects when its signal aborts, between pages too', async () => {
    const controller = new AbortController();
    const found: number[] = [];
    const all = async () => {
      for await (const { job_id } of jobs().list({ pageSize: 2, signal: controller.signal })) {
        found.push(job_id);
        if (job_id === 2) controller.abort(new Error('enough'));
      }
    };
    expect(await errorOf(all())).toMatchObject({ message: 'enough' });
    expect(found).toEqual([1, 2]);
  });
});

describe('a call of the client', () => {
  test('returns the documented response', async () => {
    jobStore.put({ userId: 'alice', jobId: 1, status: 'success', objectUuidNames: { 'a.png': 'A' } });
    await serve(app);
    const { jobs } = createJobsClient({ baseUrl: `${baseUrl}/`, token });
    const { job_info, results, object_urls } = await jobs.get(1, { include: 'object-urls' });
    expect(job_info).toMatchObject({ job_id: 1, object_uuid_names: { 'a.png': 'A' }, status: 'success' });
    expect(Object.keys(results['a.png'] ?? {})).toEqual(['full', 'min']);
    expect(Object.keys(object_urls ?? {})).toEqual(['a.png']);
    expect(await jobs.get(1)).not.toHaveProperty('object_urls');
    const { url, expires_at } = await jobs.objectUrl(1, 'a.png', { downloadAs: 'Ä & b.png' });
    expect(url).toMatch(/^memory:/);
    expect(Date.parse(expires_at)).toBeGreaterThan(Date.now());
    await jobs.delete(1);
    expect(jobStore.has('alice', 1)).toBe(false);
  });

  test('calls getToken for each request', async () => {
    await serve(app);
    const tokens = ['expired', token];
    const client = createJobsClient({ baseUrl, getToken: async () => tokens.shift() ?? '' });
    expect(await errorOf(client.jobs.delete(1))).toMatchObject({ code: 'UNAUTHORIZED' });
    await client.jobs.delete(1);
    expect(tokens).toEqual([]);
  });

  test('rejects with the error of getToken, and sends nothing', async () => {
    await serve(app);
    const failure = new Error('signed out');
    const client = createJobsClient({ baseUrl, getToken: () => Promise.reject(failure) });
    expect(await errorOf(client.jobs.get(1))).toBe(failure);
  });

  test('rejects when its signal aborts', async () => {
    await serve(() => undefined);
    const { jobs } = createJobsClient({ baseUrl, token: 'x' });
    for (const call of [
      (signal: AbortSignal) => jobs.get(1, { signal }),
      (signal: AbortSignal) => jobs.objectUrl(1, 'a', { signal }),
      (signal: AbortSignal) => jobs.delete(1, { signal }),
    ]) {
      const controller = new AbortController();
      const ended = errorOf(call(controller.signal));
      controller.abort(new Error('too late'));
      expect(await ended).toMatchObject({ message: 'too late' });
    }
  });

  test('rejects with the error of fetch when the connection is closed', async () => {
    await serve((_req, res) => void res.socket?.destroy());
    const error = await errorOf(createJobsClient({ baseUrl, token: 'x', maxRetries: 0 }).jobs.delete(1));
    expect(error).toMatchObject({ name: 'TypeError' });
  });

  test('calls the fetch option without a receiver, as browsers require', async () => {
    await serve(app);
    const receivers: unknown[] = [];
    const picky = async function (this: unknown, ...given: Parameters<typeof fetch>) {
      receivers.push(this);
      return fetch(...given);
    };
    await createJobsClient({ baseUrl, token, fetch: picky }).jobs.delete(1);
    expect(receivers).toEqual([undefined]);
  });
});

describe('JobsApiError', () => {
  test('has the code, the status, the request id and the parameter', async () => {
    await serve(app);
    const client = createJobsClient({ baseUrl, token });
    const errors = {
      noJob: await errorOf(client.jobs.get(1)),
      badParameter: await errorOf(client.jobs.objectUrl(1, '..')),
      noToken: await errorOf(createJobsClient({ baseUrl, token: 'x' }).jobs.delete(1)),
      noService: await errorOf(createJobsClient({ baseUrl: `${baseUrl}/elsewhere`, token }).jobs.delete(1)),
    };
    for (const error of Object.values(errors)) {
      expect(error).toBeInstanceOf(JobsApiError);
      expect(error).toMatchObject({ name: 'JobsApiError', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    }
    expect(errors).toMatchObject({
      noJob: {
        code: 'JOB_NOT_FOUND',
        status: 404,
        message: 'The job does not exist',
        affectedQueryParameter: 'job-id: number',
      },
      badParameter: {
        code: 'INVALID_PARAMETER',
        status: 400,
        message: expect.stringContaining('The object-uuid query parameter must be'),
        affectedQueryParameter: 'object-uuid: string',
      },
      noToken: { code: 'UNAUTHORIZED', status: 401, message: 'Unauthorized', affectedQueryParameter: undefined },
      noService: { code: 'UNEXPECTED', status: 404, message: 'Not Found' },
    });
  });

  test.each([
    ['UNAVAILABLE', new Unavailable('the table is down'), 503, 'Service Unavailable'],
    ['UNEXPECTED', new Error('broken'), 500, 'Internal server failure message'],
  ])('has the code %s for %s', async (code, failure, status, message) => {
    jobStore.failures.find = failure;
    await serve(app);
    const error = await errorOf(createJobsClient({ baseUrl, token, maxRetries: 0 }).jobs.get(1));
    expect(error).toMatchObject({ code, status, message });
  });

  test.each([
    [502, 'UNAVAILABLE'],
    [403, 'UNEXPECTED'],
    [200, 'UNEXPECTED'],
  ])('for a response with status %i that is not from the service has the code %s', async (status, code) => {
    await serve((_req, res) => res.writeHead(status).end('<html>'));
    const error = await errorOf(createJobsClient({ baseUrl, token: 'x', maxRetries: 0 }).jobs.delete(1));
    const message = `The response is not one of the Jobs API (status ${status})`;
    expect(error).toMatchObject({ code, status, message, requestId: undefined });
  });
});

/** Compiled and not run: parameters and fields that the document does not have are errors. */
export const withErrors = (options: JobsClientOptions): void => {
  const { jobs } = createJobsClient(options);
  // @ts-expect-error -- there is no such status
  jobs.list({ status: ['success', 'archived'] });
  // @ts-expect-error -- there is no such link
  void jobs.get(1, { include: 'results' });
  // @ts-expect-error -- there is no such field
  const field: keyof Job = 'jobName';
  // @ts-expect-error -- neither a token nor a way to get one
  createJobsClient({ baseUrl: field });
};

/** Compiled and not run: the client knows the statuses of the core, and no others. */
export const sameStatuses = (
  ofClient: KnownJobStatus,
  ofCore: keyof typeof jobStatuses,
): [keyof typeof jobStatuses, KnownJobStatus] => [ofClient, ofCore];
