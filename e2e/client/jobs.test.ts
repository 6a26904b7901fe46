// The client's calls for the extensions of the API. The service is its app on a real socket; only its stores are in memory.
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createJobsClient, type JobsClient } from '@jobs-api/client';
import type { MemoryJobStore } from '@jobs-api/core/testing';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { createMemoryApp } from '../harness/memory-app.ts';

let server: Server;
let jobStore: MemoryJobStore;
let jobs: JobsClient['jobs'];

beforeEach(async () => {
  const { app, token, ...stored } = createMemoryApp();
  ({ jobStore } = stored);
  server = createServer(app);
  jobs = createJobsClient({ baseUrl: await listen(server), token }).jobs;
});

afterEach(() => closeServer(server));

const put = (jobId: number, status: string, more: object = {}) =>
  jobStore.put({ userId: 'alice', jobId, status, ...more });

const listed = async (options: Parameters<typeof jobs.list>[0]) => {
  const found: number[] = [];
  for await (const { job_id } of jobs.list(options)) found.push(job_id);
  return found;
};

describe('jobs.list and jobs.page', () => {
  beforeEach(() => {
    put(1, 'success', { jobName: 'Coast walk', date: '2026-01-01 12:00:00.000000000 UTC' });
    put(2, 'failed_critical', { jobName: 'Evening class', date: '2026-01-02 12:00:00.000000000 UTC' });
    put(3, 'queued', { jobName: 'City walk', date: '2026-01-03 12:00:00.000000000 UTC' });
  });

  test('take several statuses, a name and times', async () => {
    expect(await listed({ status: ['success', 'queued'] })).toEqual([1, 3]);
    expect(await listed({ name: 'walk', status: 'queued' })).toEqual([3]);
    expect(await listed({ createdAfter: new Date('2026-01-02T00:00:00Z') })).toEqual([2, 3]);
    expect(await listed({ createdBefore: '2026-01-02T00:00:00Z', pageSize: 1 })).toEqual([1]);
  });

  test('return some jobs by id', async () => {
    const page = await jobs.page({ jobIds: [3, 99, 1], order: 'desc' });
    expect(page.jobs.map(({ job_id }) => job_id)).toEqual([3, 1]);
    expect(page.nextCursor).toBeUndefined();
    expect(await jobs.page({ jobIds: [] })).toEqual({ jobs: [], nextCursor: undefined });
  });
});

describe('jobs.waitFor', () => {
  test('returns a job when it is finished, and reports its progress', async () => {
    put(1, 'processing...10%');
    const updates: unknown[] = [];
    const job = await jobs.waitFor(1, {
      onUpdate: (jobId, update) => {
        updates.push([jobId, update?.status, update?.progress_percent]);
        put(1, update?.progress_percent === 10 ? 'processing...80%' : 'success');
      },
    });
    expect(job).toMatchObject({ job_id: 1, status: 'success', finished: true });
    expect(updates).toEqual([
      [1, 'processing', 10],
      [1, 'processing', 80],
      [1, 'success', undefined],
    ]);
  });

  test('returns the finished ones of several jobs, and leaves out those that are gone', async () => {
    for (let jobId = 1; jobId <= 150; jobId++) put(jobId, 'success');
    put(7, 'queued');
    const ids = Array.from({ length: 150 }, (_, index) => index + 1);
    const finished = await jobs.waitFor([...ids, 999], {
      onUpdate: (jobId, job) => {
        if (jobId === 7 && job) void jobs.delete(7);
      },
    });
    expect([...finished.keys()].sort((a, b) => a - b)).toEqual(ids.filter((id) => id !== 7));
    expect(await jobs.waitFor(7)).toBeUndefined();
  });
});

describe('jobs.delete', () => {
  test('returns a receipt', async () => {
    put(1, 'success');
    expect(await jobs.delete(1, { include: 'receipt' })).toMatchObject({ job_id: 1, record: 'deleted', bytes: 0 });
    expect(await jobs.delete(1, { include: 'receipt' })).toMatchObject({ job_id: 1, record: 'absent' });
    expect(await jobs.delete(1)).toBeUndefined();
  });

  test('leaves a job that is not finished, with onlyIf', async () => {
    put(1, 'processing');
    put(2, 'success');
    await expect(jobs.delete(1, { onlyIf: 'finished' })).rejects.toMatchObject({
      code: 'JOB_NOT_FINISHED',
      status: 409,
      affectedQueryParameter: 'job-id: number',
    });
    const results = [];
    for await (const result of jobs.deleteMany([1, 2], { onlyIf: 'finished', include: 'receipt' }))
      results.push(result);
    expect(results).toHaveLength(2);
    expect(results.find(({ jobId }) => jobId === 1)).toMatchObject({ isDeleted: false, error: { status: 409 } });
    expect(results.find(({ jobId }) => jobId === 2)).toMatchObject({ isDeleted: true, receipt: { record: 'deleted' } });
    expect([1, 2].filter((jobId) => jobStore.has('alice', jobId))).toEqual([1]);
  });
});

describe('links', () => {
  test('last for expiresIn seconds, also those to results', async () => {
    put(1, 'success', { objectUuidNames: { 'u1.png': 'a.png' } });
    const { results_expire_at: end } = await jobs.get(1, { expiresIn: 60 });
    expect(Date.parse(end ?? '') - Date.now()).toBeLessThanOrEqual(60_000);
    const [file, full, min] = await Promise.all([
      jobs.objectUrl(1, 'u1.png', { expiresIn: 60 }),
      jobs.objectUrl(1, 'u1.png', { result: 'full' }),
      jobs.objectUrl(1, 'u1.png', { result: 'min' }),
    ]);
    expect(Date.parse(file.expires_at) - Date.now()).toBeLessThanOrEqual(60_000);
    expect(new Set([file.url, full.url, min.url]).size).toBe(3);
    expect(decodeURIComponent(full.url)).toContain('results/u1.png.json');
  });
});
