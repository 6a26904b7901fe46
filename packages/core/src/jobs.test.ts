import { beforeEach, describe, expect, test } from '@jest/globals';
import { Unavailable } from './errors.ts';
import { parseJobId, parseObjectUuid, parseUserId, type JobId } from './identifiers.ts';
import { createJobs } from './jobs.ts';
import { MemoryJobStore, MemoryObjectStore } from './testing.ts';
import type { DeleteProgress } from './use-cases/delete-job.ts';
import type { JobPage } from './use-cases/list-jobs.ts';

const [alice, bob] = [parseUserId('alice'), parseUserId('bob')];
const one = parseJobId(1);

let jobStore: MemoryJobStore;
let objectStore: MemoryObjectStore;
const jobs = () => createJobs({ jobStore, objectStore });

beforeEach(() => {
  jobStore = new MemoryJobStore();
  objectStore = new MemoryObjectStore();
});

describe('listJobs', () => {
  test('returns every page, in order', async () => {
    for (const jobId of [3, 1, 2, 5, 4]) jobStore.put({ userId: 'alice', jobId });
    expect((await jobs().listJobs(alice)).jobs.map(({ jobId }) => jobId)).toEqual([1, 2, 3, 4, 5]);
  });

  test('rejects if a later page fails, and returns no shorter list', async () => {
    for (const jobId of [1, 2, 3, 5]) jobStore.put({ userId: 'alice', jobId });
    jobStore.putUnreadable('alice', 4);
    const failure = new Unavailable('the table');
    const call = jobs().listJobs(
      alice,
      {},
      {
        onUnreadable: () => {
          jobStore.failures.list = failure;
        },
      },
    );
    await expect(call).rejects.toBe(failure);
  });
});

describe('getJob', () => {
  const record = {
    userId: 'alice',
    jobId: 1,
    status: 'success',
    objectUuidNames: { 'a.png': 'A.png', 'b.wav': 'B.wav' },
  };

  test('links the full and the minified result of each object', async () => {
    jobStore.put(record);
    for (const objectUuid of ['a.png', 'b.wav']) {
      objectStore.put(`alice/1/results/${objectUuid}.json`, `full ${objectUuid}`);
      objectStore.put(`alice/1/results/${objectUuid}.min.json`, `min ${objectUuid}`);
    }
    const { job, results } = await jobs().getJob(alice, one);
    expect(job).toMatchObject({ userId: 'alice', jobId: 1 });
    expect(Object.keys(results)).toEqual(['a.png', 'b.wav']);
    for (const [objectUuid, { full, min }] of Object.entries(results)) {
      expect(objectStore.get(full)).toBe(`full ${objectUuid}`);
      expect(objectStore.get(min)).toBe(`min ${objectUuid}`);
    }
  });

  test('links nothing before the job succeeded', async () => {
    jobStore.put({ ...record, status: 'processing...45%' });
    expect(await jobs().getJob(alice, one)).toMatchObject({ results: {}, objectUrls: undefined, expiresAt: undefined });
  });

  test('returns no links to files that were not requested, and none if there are no files', async () => {
    jobStore.put(record);
    expect((await jobs().getJob(alice, one)).objectUrls).toBeUndefined();
    jobStore.put({ userId: 'alice', jobId: 1 });
    const links = { results: {}, objectUrls: {}, expiresAt: undefined };
    expect(await jobs().getJob(alice, one, { objectUrls: true })).toMatchObject(links);
  });

  test('rejects with JobNotFound for a job of another user', async () => {
    jobStore.put(record);
    await expect(jobs().getJob(bob, one)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND', jobId: 1 });
  });

  test('rejects with the errors of the stores', async () => {
    jobStore.put(record);
    const failure = new Unavailable('the credentials');
    objectStore.failures.presign = failure;
    await expect(jobs().getJob(alice, one)).rejects.toBe(failure);
    jobStore.putUnreadable('alice', 1);
    await expect(jobs().getJob(alice, one)).rejects.toMatchObject({ code: 'UNREADABLE_JOB' });
  });
});

describe('streamJob', () => {
  const names = Array.from({ length: 40 }, (_, index) => `${index}.png`);
  const record = {
    userId: 'alice',
    jobId: 1,
    status: 'success',
    objectUuidNames: Object.fromEntries(names.map((name) => [name, name])),
  };

  test('returns the links of getJob, in the same order', async () => {
    jobStore.put(record);
    const whole = await jobs().getJob(alice, one, { objectUrls: true });
    const streamed = await jobs().streamJob(alice, one, { objectUrls: true });
    const results: string[] = [];
    const objectUrls: string[] = [];
    for await (const batch of streamed.results) results.push(...batch.map(([objectUuid]) => objectUuid));
    for await (const batch of streamed.objectUrls ?? []) objectUrls.push(...batch.map(([objectUuid]) => objectUuid));
    expect(results).toEqual(names);
    expect(objectUrls).toEqual(names);
    expect([Object.keys(whole.results), Object.keys(whole.objectUrls ?? {})]).toEqual([names, names]);
    expect([streamed.expiresAt, whole.expiresAt]).toEqual([new Date('2100-01-01'), new Date('2100-01-01')]);
  });

  test('signs the links of a few objects at a time, and yields no empty batch', async () => {
    jobStore.put(record);
    const { results, objectUrls = [] } = await jobs().streamJob(alice, one, { objectUrls: true });
    for (const batches of [results, objectUrls]) {
      const sizes: number[] = [];
      for await (const batch of batches) sizes.push(batch.length);
      expect(sizes.reduce((sum, size) => sum + size)).toBe(names.length);
      expect(Math.min(...sizes)).toBeGreaterThan(0);
      expect(Math.max(...sizes)).toBeLessThan(names.length);
    }
  });

  test('signs nothing for a job without files', async () => {
    jobStore.put({ userId: 'alice', jobId: 1, status: 'success' });
    objectStore.failures.presign = new Error('asked');
    const { results, objectUrls = [], expiresAt } = await jobs().streamJob(alice, one, { objectUrls: true });
    for (const batches of [results, objectUrls]) for await (const batch of batches) expect(batch).toBeUndefined();
    expect(expiresAt).toBeUndefined();
  });

  test('signs a link only when it is read', async () => {
    jobStore.put(record);
    const signed: string[] = [];
    const presigner = objectStore.presigner.bind(objectStore);
    objectStore.presigner = async (options) => {
      const inner = await presigner(options);
      return { ...inner, presign: async (keys) => (signed.push(...keys), inner.presign(keys)) };
    };
    const { results } = await jobs().streamJob(alice, one);
    expect(signed).toEqual([]);
    const first = await results[Symbol.asyncIterator]().next();
    expect(first.value).toHaveLength(signed.length / 2);
    expect(signed.length).toBeLessThan(names.length);
  });
});

describe('getObjectUrl', () => {
  test('links a file without a call to a store', async () => {
    jobStore.failures.find = new Error('asked');
    objectStore.failures.deleteAll = new Error('asked');
    objectStore.put('alice/1/a.png', 'picture');
    const { url } = await jobs().getObjectUrl(alice, one, parseObjectUuid('a.png'));
    expect(objectStore.get(url)).toBe('picture');
  });

  test.each(['full', 'min'] as const)('links the %s result of a file if requested', async (result) => {
    objectStore.put('alice/1/results/a.png.json', 'full');
    objectStore.put('alice/1/results/a.png.min.json', 'min');
    const { url, expiresAt } = await jobs().getObjectUrl(alice, one, parseObjectUuid('a.png'), { result });
    expect(objectStore.get(url)).toBe(result);
    expect(expiresAt).toEqual(new Date('2100-01-01'));
  });
});

describe('deleteJob', () => {
  beforeEach(() => {
    jobStore.put({ userId: 'alice', jobId: 1 });
    objectStore.put('alice/1/a.png', 'picture');
    objectStore.put('alice/10/a.png', 'picture');
  });

  test('removes the files and the record, and nothing of job 10', async () => {
    await jobs().deleteJob(alice, one);
    expect(await jobStore.find(alice, one)).toBeUndefined();
    expect(objectStore.contents('alice/1')).toEqual(['version alice/10/a.png']);
  });

  test('returns what it removed, and reports it while it does', async () => {
    objectStore.startUpload('alice/1/b.mov');
    objectStore.put('alice/1/c.png', 'a picture');
    const removeRecord = jobStore.delete.bind(jobStore);
    jobStore.delete = async (...parameters) => {
      objectStore.put('alice/1/late.png', 'late');
      return removeRecord(...parameters);
    };
    const progress: DeleteProgress[] = [];
    const receipt = await jobs().deleteJob(alice, one, { onProgress: (reached) => progress.push(reached) });
    const removed = { objects: 3, uploads: 1, bytes: 20, record: 'deleted' };
    expect(receipt).toEqual({ ...removed, jobId: 1, verifiedAt: expect.any(Date) });
    expect(progress).toEqual([
      { objects: 1, uploads: 1, bytes: 7, record: undefined },
      { objects: 2, uploads: 1, bytes: 16, record: undefined },
      { objects: 2, uploads: 1, bytes: 16, record: 'deleted' },
      removed,
    ]);
    jobStore.delete = removeRecord;
    expect(await jobs().deleteJob(alice, one)).toMatchObject({ objects: 0, uploads: 0, bytes: 0, record: 'absent' });
  });

  test.each(['queued', 'failed_requeued'])('keeps a job that is %s, if only a finished job may go', async (status) => {
    jobStore.put({ userId: 'alice', jobId: 1, status });
    const deletion = jobs().deleteJob(alice, one, { onlyIfFinished: true });
    await expect(deletion).rejects.toMatchObject({ code: 'JOB_NOT_FINISHED', jobId: 1 });
    expect(jobStore.has('alice', 1)).toBe(true);
    expect(objectStore.contents('alice/1/')).toHaveLength(1);
  });

  test('removes a finished job, or the files of a missing one, if only a finished job may go', async () => {
    jobStore.put({ userId: 'alice', jobId: 1, status: 'failed_critical' });
    expect(await jobs().deleteJob(alice, one, { onlyIfFinished: true })).toMatchObject({ record: 'deleted' });
    objectStore.put('alice/1/late.png', 'picture');
    const receipt = await jobs().deleteJob(alice, one, { onlyIfFinished: true });
    expect(receipt).toMatchObject({ record: 'absent', objects: 1 });
  });

  test('reads the record only if only a finished job may go', async () => {
    jobStore.putUnreadable('alice', 1);
    const deletion = jobs().deleteJob(alice, one, { onlyIfFinished: true });
    await expect(deletion).rejects.toMatchObject({ code: 'UNREADABLE_JOB' });
    expect(await jobs().deleteJob(alice, one)).toMatchObject({ record: 'deleted' });
  });

  test('can be repeated, and removes files without a record', async () => {
    await jobs().deleteJob(alice, one);
    objectStore.put('alice/1/late.png', 'picture');
    await jobs().deleteJob(alice, one);
    expect(objectStore.contents('alice/1/')).toEqual([]);
  });

  test("leaves another user's job with the same id as it is", async () => {
    await jobs().deleteJob(bob, one);
    expect(await jobStore.find(alice, one)).toBeDefined();
    expect(objectStore.contents('alice/1/')).toHaveLength(1);
  });

  test('keeps the record while any file is left', async () => {
    const failure = new Unavailable('the bucket');
    objectStore.failures.deleteAll = failure;
    await expect(jobs().deleteJob(alice, one)).rejects.toBe(failure);
    expect(await jobStore.find(alice, one)).toBeDefined();
    delete objectStore.failures.deleteAll;
    await jobs().deleteJob(alice, one);
    expect(objectStore.contents('alice/1/')).toEqual([]);
    expect(await jobStore.find(alice, one)).toBeUndefined();
  });

  test('removes a file that arrives while the record is being deleted', async () => {
    const late = new MemoryJobStore();
    const removeRecord = late.delete.bind(late);
    late.delete = async (...parameters) => {
      objectStore.put('alice/1/late.png', 'picture');
      return removeRecord(...parameters);
    };
    await createJobs({ jobStore: late, objectStore }).deleteJob(alice, one);
    expect(objectStore.contents('alice/1/')).toEqual([]);
  });

  test('rejects if the last sweep fails, and a retry completes it', async () => {
    const remove = jobStore.delete.bind(jobStore);
    jobStore.delete = async (...parameters) => {
      const existed = await remove(...parameters);
      objectStore.put('alice/1/late.png', 'picture');
      objectStore.failures.deleteAll = new Unavailable('the bucket');
      return existed;
    };
    await expect(jobs().deleteJob(alice, one)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    jobStore.delete = remove;
    delete objectStore.failures.deleteAll;
    await jobs().deleteJob(alice, one);
    expect(objectStore.contents('alice/1/')).toEqual([]);
  });
});

test.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
  ['listJobs', (signal) => jobs().listJobs(alice, {}, { signal })],
  ['getJob', (signal) => jobs().getJob(alice, one, { signal })],
  ['getObjectUrl', (signal) => jobs().getObjectUrl(alice, one, parseObjectUuid('a.png'), { signal })],
  ['deleteJob', (signal) => jobs().deleteJob(alice, one, { signal })],
])('%s ends with the reason of an aborted signal', async (_, call) => {
  const reason = new Error('enough');
  await expect(call(AbortSignal.abort(reason))).rejects.toBe(reason);
});

describe('listJobs with a limit', () => {
  const ids = (page: JobPage) => page.jobs.map(({ jobId }) => jobId);

  beforeEach(() => {
    jobStore = new MemoryJobStore({ pageSize: 3 });
    for (let jobId = 1; jobId <= 10; jobId++)
      jobStore.put({ userId: 'alice', jobId, status: jobId % 3 === 0 ? 'success' : 'queued' });
  });

  test.each<['asc' | 'desc', number[][]]>([
    [
      'asc',
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [9, 10],
      ],
    ],
    [
      'desc',
      [
        [10, 9, 8, 7],
        [6, 5, 4, 3],
        [2, 1],
      ],
    ],
  ])('follows the one before it: %s', async (order, pages) => {
    let after: JobId | undefined;
    for (const [index, expected] of pages.entries()) {
      const page = await jobs().listJobs(alice, { order, limit: 4, after });
      expect(ids(page)).toEqual(expected);
      expect(page.next === undefined).toBe(index === pages.length - 1);
      after = page.next;
    }
  });

  test('returns no next page after the last job, even if the page is full', async () => {
    expect((await jobs().listJobs(alice, { limit: 10 })).next).toBeUndefined();
    expect((await jobs().listJobs(alice, { limit: 9 })).next).toBe(9);
    expect((await jobs().listJobs(alice, { limit: 1000 })).next).toBeUndefined();
  });

  test('and a status returns full pages, except for the last', async () => {
    const first = await jobs().listJobs(alice, { statuses: ['success'], limit: 2 });
    expect(ids(first)).toEqual([3, 6]);
    const second = await jobs().listJobs(alice, { statuses: ['success'], limit: 2, after: first.next });
    expect(ids(second)).toEqual([9]);
    expect(second.next).toBeUndefined();
    expect(await jobs().listJobs(alice, { statuses: ['pending'], limit: 2 })).toEqual({ jobs: [], next: undefined });
  });

  test('but a status and no limit returns all jobs with that status', async () => {
    expect(ids(await jobs().listJobs(alice, { statuses: ['success'], order: 'desc' }))).toEqual([9, 6, 3]);
  });

  test('filters by the status as it is read, not as it is stored', async () => {
    jobStore.put({ userId: 'alice', jobId: 11, status: 'processing...45%' });
    expect(ids(await jobs().listJobs(alice, { statuses: ['processing'] }))).toEqual([11]);
  });

  test('ends a page early, and the next page continues there', async () => {
    const pageEnd = AbortSignal.abort();
    const seen: number[] = [];
    let after: JobId | undefined;
    let pages = 0;
    do {
      const page = await jobs().listJobs(alice, { statuses: ['success'], limit: 5, after, pageEnd });
      seen.push(...ids(page));
      after = page.next;
      pages++;
    } while (after !== undefined);
    expect(seen).toEqual([3, 6, 9]);
    expect(pages).toBe(5);
  });

  test('continues after a page of which no record can be read', async () => {
    for (let jobId = 1; jobId <= 9; jobId++) jobStore.putUnreadable('alice', jobId);
    const query = { limit: 5, pageEnd: AbortSignal.abort() };
    expect(ids(await jobs().listJobs(alice, query))).toEqual([10]);
    expect(ids(await jobs().listJobs(alice, { ...query, statuses: ['queued'] }))).toEqual([10]);
  });

  test('never ends a page early if there is no limit', async () => {
    expect(ids(await jobs().listJobs(alice, { pageEnd: AbortSignal.abort() }))).toHaveLength(10);
  });

  test('requests one job more than the limit, to know whether there is a next page', async () => {
    const hints: unknown[] = [];
    const list = jobStore.list.bind(jobStore);
    jobStore.list = (userId, range, options) => {
      hints.push(range?.sizeHint);
      return list(userId, range, options);
    };
    await jobs().listJobs(alice, { limit: 4 });
    await jobs().listJobs(alice, { limit: 4, statuses: ['success'] });
    await jobs().listJobs(alice);
    expect(hints).toEqual([5, undefined, undefined]);
  });
});

describe('getJob with objectUrls', () => {
  const objectUuidNames = { 'a.png': 'A.png', 'b.wav': 'B.wav', '../c': 'C' };

  test('links the files of a job, whether or not it succeeded', async () => {
    jobStore.put({ userId: 'alice', jobId: 1, status: 'queued', objectUuidNames });
    objectStore.put('alice/1/a.png', 'picture');
    objectStore.put('alice/1/b.wav', 'sound');
    const { results, objectUrls = {}, expiresAt } = await jobs().getJob(alice, one, { objectUrls: true });
    expect(results).toEqual({});
    expect(Object.entries(objectUrls).map(([uuid, url]) => [uuid, objectStore.get(url)])).toEqual([
      ['a.png', 'picture'],
      ['b.wav', 'sound'],
    ]);
    expect(expiresAt).toEqual(new Date('2100-01-01'));
  });

  test('links the results too', async () => {
    jobStore.put({
      userId: 'alice',
      jobId: 1,
      status: 'success',
      objectUuidNames,
      failedToProcess: { 'b.wav': 'silence' },
    });
    for (const key of ['a.png', 'b.wav', 'results/a.png.json', 'results/a.png.min.json'])
      objectStore.put(`alice/1/${key}`, key);
    const { results, objectUrls = {} } = await jobs().getJob(alice, one, { objectUrls: true });
    expect(Object.keys(results)).toEqual(['a.png']);
    expect(objectStore.get(results['a.png']?.full ?? '')).toBe('results/a.png.json');
    expect(objectStore.get(results['a.png']?.min ?? '')).toBe('results/a.png.min.json');
    expect(objectStore.get(objectUrls['a.png'] ?? '')).toBe('a.png');
    expect(objectStore.get(objectUrls['b.wav'] ?? '')).toBe('b.wav');
  });

  test('signs a name to save the file under', async () => {
    objectStore.put('alice/1/a.png', 'picture');
    const { url } = await jobs().getObjectUrl(alice, one, parseObjectUuid('a.png'), { downloadAs: 'holiday.png' });
    const contentDisposition = "attachment; filename*=UTF-8''holiday.png";
    expect(objectStore.download(url)).toEqual({ body: 'picture', contentDisposition });
  });
});
