import { beforeEach, describe, expect, test } from '@jest/globals';
import { Unavailable } from './errors.ts';
import { parseJobId, parseObjectUuid, parseUserId } from './identifiers.ts';
import { createJobs } from './jobs.ts';
import { MemoryJobStore, MemoryObjectStore } from './testing.ts';

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
  test('brings every page, in order', async () => {
    for (const jobId of [3, 1, 2, 5, 4]) jobStore.put({ userId: 'alice', jobId });
    expect((await jobs().listJobs(alice)).map(({ jobId }) => jobId)).toEqual([1, 2, 3, 4, 5]);
  });

  test('is an error, not a shorter list, where a later page fails', async () => {
    for (const jobId of [1, 2, 3, 5]) jobStore.put({ userId: 'alice', jobId });
    jobStore.putUnreadable('alice', 4);
    const failure = new Unavailable('the table');
    const call = jobs().listJobs(alice, {
      onUnreadable: () => {
        jobStore.failures.list = failure;
      },
    });
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
    for (const object of ['a.png', 'b.wav']) {
      objectStore.put(`alice/1/results/${object}.json`, `full ${object}`);
      objectStore.put(`alice/1/results/${object}.min.json`, `min ${object}`);
    }
    const { job, results } = await jobs().getJob(alice, one);
    expect(job).toMatchObject({ userId: 'alice', jobId: 1 });
    expect(Object.keys(results)).toEqual(['a.png', 'b.wav']);
    for (const [object, { full, min }] of Object.entries(results)) {
      expect(objectStore.get(full)).toBe(`full ${object}`);
      expect(objectStore.get(min)).toBe(`min ${object}`);
    }
  });

  test('links nothing before the job succeeded', async () => {
    jobStore.put({ ...record, status: 'processing...45%' });
    expect((await jobs().getJob(alice, one)).results).toEqual({});
  });

  test('does not know a job of another user', async () => {
    jobStore.put(record);
    await expect(jobs().getJob(bob, one)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND', jobId: 1 });
  });

  test('passes on what the stores reject with', async () => {
    jobStore.put(record);
    const failure = new Unavailable('the credentials');
    objectStore.failures.presign = failure;
    await expect(jobs().getJob(alice, one)).rejects.toBe(failure);
    jobStore.putUnreadable('alice', 1);
    await expect(jobs().getJob(alice, one)).rejects.toMatchObject({ code: 'UNREADABLE_JOB' });
  });
});

describe('getObjectUrl', () => {
  test('links a file, and asks no store for it', async () => {
    jobStore.failures.find = new Error('asked');
    objectStore.failures.deleteAll = new Error('asked');
    objectStore.put('alice/1/a.png', 'picture');
    const url = await jobs().getObjectUrl(alice, one, parseObjectUuid('a.png'));
    expect(objectStore.get(url)).toBe('picture');
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

  test('may be repeated, and removes files that have no record', async () => {
    await jobs().deleteJob(alice, one);
    objectStore.put('alice/1/late.png', 'picture');
    await jobs().deleteJob(alice, one);
    expect(objectStore.contents('alice/1/')).toEqual([]);
  });

  test("touches nothing of another user's job of the same number", async () => {
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
      await removeRecord(...parameters);
    };
    await createJobs({ jobStore: late, objectStore }).deleteJob(alice, one);
    expect(objectStore.contents('alice/1/')).toEqual([]);
  });

  test('is not done where the last sweep fails, and is completed by asking again', async () => {
    const remove = jobStore.delete.bind(jobStore);
    jobStore.delete = async (...parameters) => {
      await remove(...parameters);
      objectStore.put('alice/1/late.png', 'picture');
      objectStore.failures.deleteAll = new Unavailable('the bucket');
    };
    await expect(jobs().deleteJob(alice, one)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    jobStore.delete = remove;
    delete objectStore.failures.deleteAll;
    await jobs().deleteJob(alice, one);
    expect(objectStore.contents('alice/1/')).toEqual([]);
  });
});

test.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
  ['listJobs', (signal) => jobs().listJobs(alice, { signal })],
  ['getJob', (signal) => jobs().getJob(alice, one, { signal })],
  ['getObjectUrl', (signal) => jobs().getObjectUrl(alice, one, parseObjectUuid('a.png'), { signal })],
  ['deleteJob', (signal) => jobs().deleteJob(alice, one, { signal })],
])('%s ends with the reason of an aborted signal', async (_, call) => {
  const reason = new Error('enough');
  await expect(call(AbortSignal.abort(reason))).rejects.toBe(reason);
});
