import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { UnreadableJob } from '../../errors.ts';
import { parseJobId, parseUserId } from '../../identifiers.ts';
import type { JobSummary } from '../../job.ts';
import type { JobStore, ListOptions, ListRange } from '../../ports/job-store.ts';
import type { JobRecord } from '../memory-job-store.ts';
import { abortWhileStalled, endOf, listUnchecked, userNames } from './checks.ts';

/**
 * Connects the suite to an adapter, and to the programs that write to its storage. The storage need not be empty: every
 * test uses users that no other run has used. Methods that may be missing make further checks possible; the checks that
 * are not made without them are listed at the end of the run.
 */
export interface JobStoreHarness {
  readonly store: JobStore;
  /** The same adapter whose storage refuses connections. */
  readonly unreachable: JobStore;
  /** The same adapter whose storage refuses every call for a reason that a retry cannot help: no such table, no access. */
  readonly refused?: JobStore;
  /** Stores a job as the uploader and the processor do: what the record does not have is not stored. */
  put(record: JobRecord): Promise<void>;
  /** Stores a record with that key that neither `find` nor a list can read: one field that both read has a wrong type. */
  putUnreadable(userId: string, jobId: number): Promise<void>;
  /** Makes the storage accept calls and not respond to them, until the function that is returned is called. */
  readonly stall?: () => Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const whole = {
  jobName: 'Holiday',
  date: '2020-01-01 12:00:00.000000000 UTC',
  totalSize: 5020,
  creditsSpent: 2,
  email: 'alice@example.com',
  objectUuidNames: { 'a.png': 'beach.png', 'b.wav': 'waves.wav', 'not a uuid': 'Übermut ☀.txt' },
  mediaLength: { 'a.png': 1, 'b.wav': 12.5 },
  failedToProcess: { 'b.wav': 'silence' },
  status: 'success',
} satisfies Partial<JobRecord>;

/** Verifies that an adapter keeps the promises of {@link JobStore}. */
export const describeJobStore = (name: string, start: () => Promise<JobStoreHarness>): void => {
  describe(`${name} as a JobStore`, () => {
    let harness: JobStoreHarness;
    const nextName = userNames();
    const notChecked = listUnchecked(`${name} as a JobStore`, [
      'find sees every write that has returned, also while other programs write',
      'list is an error if the storage fails between two pages',
      'listByIds fetches no other job',
    ]);

    /** Every test has users of its own, so that none sees what another has left. */
    const newUser = () => parseUserId(nextName());

    const list = async (userId: string, range?: ListRange, options?: ListOptions): Promise<JobSummary[]> => {
      const jobs: JobSummary[] = [];
      for await (const page of harness.store.list(parseUserId(userId), range, options)) jobs.push(...page);
      return jobs;
    };

    /** A list may trail the latest writes by a moment, so it is repeated until it is as expected, 50 times at most. */
    const expectIds = async (userId: string, ids: readonly number[]): Promise<void> => {
      let listed: number[] = [];
      for (let attempt = 0; attempt < 50 && listed.join() !== ids.join(); attempt++)
        listed = (await list(userId)).map(({ jobId }) => jobId);
      expect(listed).toEqual(ids);
    };

    beforeAll(async () => {
      harness = await start();
    });

    afterAll(() => harness.close());

    describe('find', () => {
      test('find returns every field of a job', async () => {
        const userId = newUser();
        await harness.put({ userId, jobId: 1, ...whole });
        expect(await harness.store.find(userId, parseJobId(1))).toEqual({
          userId,
          jobId: 1,
          ...whole,
          status: { code: 'success', meaning: 'Job completed successfully', hasResults: true, isFinished: true },
        });
      });

      test('find returns the neutral value of a field that the record lacks', async () => {
        const userId = newUser();
        await harness.put({ userId, jobId: 1 });
        expect(await harness.store.find(userId, parseJobId(1))).toEqual({
          userId,
          jobId: 1,
          jobName: null,
          date: null,
          totalSize: 0,
          creditsSpent: 0,
          email: null,
          objectUuidNames: {},
          mediaLength: {},
          failedToProcess: {},
          status: { code: 'unknown', meaning: 'Unknown status', hasResults: false, isFinished: false },
        });
      });

      test('find reads a status that carries a progress', async () => {
        const userId = newUser();
        await harness.put({ userId, jobId: 1, status: 'processing...45%' });
        const job = await harness.store.find(userId, parseJobId(1));
        expect(job?.status).toMatchObject({
          code: 'processing',
          meaning: 'Job is being processed (45% done)',
          progressPercent: 45,
        });
      });

      test('find returns the job with the largest id', async () => {
        const userId = newUser();
        await harness.put({ userId, jobId: Number.MAX_SAFE_INTEGER });
        const job = await harness.store.find(userId, parseJobId(Number.MAX_SAFE_INTEGER));
        expect(job?.jobId).toBe(Number.MAX_SAFE_INTEGER);
      });

      test('find returns whole numbers up to the largest safe one', async () => {
        const userId = newUser();
        await harness.put({ userId, jobId: 1, totalSize: Number.MAX_SAFE_INTEGER });
        expect((await harness.store.find(userId, parseJobId(1)))?.totalSize).toBe(Number.MAX_SAFE_INTEGER);
      });

      test("find does not return another user's job", async () => {
        const [ownerId, otherId] = [newUser(), newUser()];
        await harness.put({ userId: ownerId, jobId: 1 });
        expect(await harness.store.find(otherId, parseJobId(1))).toBeUndefined();
      });

      test('find returns undefined for a job that was never stored', async () => {
        expect(await harness.store.find(newUser(), parseJobId(1))).toBeUndefined();
      });

      test('find throws UnreadableJob if the record cannot be read', async () => {
        const userId = newUser();
        await harness.putUnreadable(userId, 7);
        await expect(harness.store.find(userId, parseJobId(7))).rejects.toMatchObject({
          code: 'UNREADABLE_JOB',
          userId,
          storedJobId: '7',
        });
      });
    });

    describe('list', () => {
      test("list returns all of a user's jobs, and no other's, in order over many pages", async () => {
        const [userId, otherId] = [newUser(), newUser()];
        const ids = Array.from({ length: 120 }, (_, index) => index + 1);
        for (const jobId of ids.toReversed()) await harness.put({ userId, jobId, jobName: 'x'.repeat(20_000) });
        await harness.put({ userId: otherId, jobId: 500 });
        await expectIds(userId, ids);
        for (const sizeHint of [undefined, 7]) {
          const descending = await list(userId, { order: 'desc', sizeHint });
          expect(descending.map(({ jobId }) => jobId)).toEqual(ids.toReversed());
          const rest = await list(userId, { order: 'desc', after: parseJobId(101), sizeHint });
          expect(rest.map(({ jobId }) => jobId)).toEqual(ids.slice(0, 100).toReversed());
        }
      });

      test('list returns the fields of a summary and nothing else', async () => {
        const userId = newUser();
        await harness.put({ userId, jobId: 3, ...whole });
        await expectIds(userId, [3]);
        expect(await list(userId)).toEqual([
          {
            jobId: 3,
            jobName: whole.jobName,
            date: whole.date,
            totalSize: whole.totalSize,
            creditsSpent: whole.creditsSpent,
            status: { code: 'success', meaning: 'Job completed successfully', hasResults: true, isFinished: true },
          },
        ]);
      });

      test('list is empty for a user without jobs', async () => {
        expect(await list(newUser())).toEqual([]);
      });

      test('list goes through a range in either direction, whether or not the job that it starts after exists', async () => {
        const userId = newUser();
        for (const jobId of [2, 4, 6, 8, 10]) await harness.put({ userId, jobId });
        await expectIds(userId, [2, 4, 6, 8, 10]);
        const idsIn = async (range: ListRange) => (await list(userId, range)).map(({ jobId }) => jobId);
        expect(await idsIn({ order: 'asc' })).toEqual([2, 4, 6, 8, 10]);
        expect(await idsIn({ order: 'desc' })).toEqual([10, 8, 6, 4, 2]);
        expect(await idsIn({ after: parseJobId(4) })).toEqual([6, 8, 10]);
        expect(await idsIn({ after: parseJobId(5) })).toEqual([6, 8, 10]);
        expect(await idsIn({ after: parseJobId(10) })).toEqual([]);
        expect(await idsIn({ after: parseJobId(Number.MAX_SAFE_INTEGER) })).toEqual([]);
        expect(await idsIn({ order: 'desc', after: parseJobId(6) })).toEqual([4, 2]);
        expect(await idsIn({ order: 'desc', after: parseJobId(7) })).toEqual([6, 4, 2]);
        expect(await idsIn({ order: 'desc', after: parseJobId(1) })).toEqual([]);
      });

      test('list is complete whatever the size hint', async () => {
        const userId = newUser();
        const ids = Array.from({ length: 30 }, (_, index) => index + 1);
        for (const jobId of ids) await harness.put({ userId, jobId });
        await expectIds(userId, ids);
        for (const sizeHint of [1, 7, 30, 1000])
          expect((await list(userId, { sizeHint })).map(({ jobId }) => jobId)).toEqual(ids);
      });

      test('list leaves out records that cannot be read, and passes each to onUnreadable', async () => {
        const userId = newUser();
        await harness.put({ userId, jobId: 1 });
        await harness.putUnreadable(userId, 2);
        await harness.put({ userId, jobId: 3 });
        await harness.putUnreadable(userId, 4);
        await expectIds(userId, [1, 3]);
        const unreadable: UnreadableJob[] = [];
        await list(userId, {}, { onUnreadable: (error) => unreadable.push(error) });
        expect(unreadable).toMatchObject([
          { code: 'UNREADABLE_JOB', userId, storedJobId: '2' },
          { code: 'UNREADABLE_JOB', userId, storedJobId: '4' },
        ]);
      });
    });

    describe('listByIds', () => {
      const pick = async (userId: string, ids: readonly number[], options?: ListOptions) => {
        const found = await harness.store.listByIds(parseUserId(userId), ids.map(parseJobId), options);
        return [...found].sort((one, other) => one.jobId - other.jobId);
      };

      test('listByIds returns what list returns of these jobs, and leaves out ids that the user does not have', async () => {
        const [userId, otherId] = [newUser(), newUser()];
        for (const jobId of [1, 2, 3, 10]) await harness.put({ userId, jobId, ...whole, jobName: `job ${jobId}` });
        await harness.put({ userId: otherId, jobId: 4 });
        await expectIds(userId, [1, 2, 3, 10]);
        await expectIds(otherId, [4]);
        const expected = (await list(userId)).filter(({ jobId }) => jobId !== 2);
        expect(await pick(userId, [10, 4, 1, 3, Number.MAX_SAFE_INTEGER])).toEqual(expected);
        expect(await pick(userId, [4])).toEqual([]);
      });

      test('listByIds returns nothing for no ids', async () => {
        const userId = newUser();
        await harness.put({ userId, jobId: 1 });
        await expectIds(userId, [1]);
        expect(await pick(userId, [])).toEqual([]);
      });

      test('listByIds returns 100 jobs', async () => {
        const userId = newUser();
        const ids = Array.from({ length: 110 }, (_, index) => index + 1);
        for (const jobId of ids) await harness.put({ userId, jobId });
        await expectIds(userId, ids);
        expect((await pick(userId, ids.slice(5, 105).toReversed())).map(({ jobId }) => jobId)).toEqual(
          ids.slice(5, 105),
        );
      });

      test('listByIds leaves out a record that cannot be read, and passes it to onUnreadable', async () => {
        const userId = newUser();
        await harness.put({ userId, jobId: 1 });
        await harness.putUnreadable(userId, 2);
        await harness.putUnreadable(userId, 3);
        await expectIds(userId, [1]);
        const unreadable: UnreadableJob[] = [];
        const found = await pick(userId, [1, 2], { onUnreadable: (error) => unreadable.push(error) });
        expect(found).toMatchObject([{ jobId: 1 }]);
        expect(unreadable).toMatchObject([{ code: 'UNREADABLE_JOB', userId, storedJobId: '2' }]);
      });
    });

    describe('delete', () => {
      test('delete returns whether there was a record', async () => {
        const userId = newUser();
        await harness.put({ userId, jobId: 1, ...whole });
        await harness.putUnreadable(userId, 2);
        expect(await harness.store.delete(userId, parseJobId(1))).toBe(true);
        expect(await harness.store.delete(userId, parseJobId(1))).toBe(false);
        expect(await harness.store.delete(userId, parseJobId(2))).toBe(true);
        expect(await harness.store.delete(newUser(), parseJobId(2))).toBe(false);
      });

      test('delete deletes a job, and may be repeated', async () => {
        const userId = newUser();
        await harness.put({ userId, jobId: 1 });
        await harness.put({ userId, jobId: 2 });
        await harness.store.delete(userId, parseJobId(1));
        await harness.store.delete(userId, parseJobId(1));
        expect(await harness.store.find(userId, parseJobId(1))).toBeUndefined();
        await expectIds(userId, [2]);
      });

      test('delete leaves jobs alone whose ids start with the same digits', async () => {
        const userId = newUser();
        for (const jobId of [1, 2, 10, 11, 100]) await harness.put({ userId, jobId });
        await harness.store.delete(userId, parseJobId(1));
        await expectIds(userId, [2, 10, 11, 100]);
      });

      test("delete leaves another user's job with the same id alone", async () => {
        const [ownerId, otherId] = [newUser(), newUser()];
        await harness.put({ userId: ownerId, jobId: 1 });
        await harness.store.delete(otherId, parseJobId(1));
        expect(await harness.store.find(ownerId, parseJobId(1))).toMatchObject({ userId: ownerId, jobId: 1 });
      });

      test('delete deletes a record that cannot be read', async () => {
        const userId = newUser();
        await harness.putUnreadable(userId, 1);
        await harness.store.delete(userId, parseJobId(1));
        expect(await harness.store.find(userId, parseJobId(1))).toBeUndefined();
      });
    });

    describe.each<[string, (store: JobStore, options?: ListOptions) => Promise<unknown>]>([
      ['find', (store, options) => store.find(newUser(), parseJobId(1), options)],
      ['list', (store, options) => store.list(newUser(), {}, options)[Symbol.asyncIterator]().next()],
      ['listByIds', (store, options) => store.listByIds(newUser(), [parseJobId(1)], options)],
      ['delete', (store, options) => store.delete(newUser(), parseJobId(1), options)],
    ])('%s', (method, call) => {
      test(`${method} rejects with the reason of an aborted signal`, async () => {
        const reason = new Error('enough');
        await expect(call(harness.store, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      });

      test(`${method} rejects with the reason as soon as its signal aborts, while the storage does not respond`, async () => {
        const { stall } = harness;
        if (!stall) {
          notChecked(`${method} ends when its signal aborts during the call: the harness has no stall`);
          return;
        }
        const reason = new Error('enough');
        const outcome = await abortWhileStalled(stall, (signal) => call(harness.store, { signal }), reason);
        expect(outcome).toBe(reason);
      });

      test(`${method} throws Unavailable if the storage refuses connections`, async () => {
        await expect(call(harness.unreachable)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      });

      test(`${method} does not throw Unavailable if a retry cannot help`, async () => {
        const { refused } = harness;
        if (!refused) {
          notChecked(
            `${method} throws other errors unchanged if a retry cannot help: the harness has no refused store`,
          );
          return;
        }
        expect(await endOf(call(refused))).toBe('another error');
      });
    });

    test('list rejects with the reason if its signal aborts between two pages', async () => {
      const userId = newUser();
      for (let jobId = 1; jobId <= 120; jobId++) await harness.put({ userId, jobId, jobName: 'x'.repeat(20_000) });
      await expectIds(
        userId,
        Array.from({ length: 120 }, (_, index) => index + 1),
      );
      const reason = new Error('enough');
      const abort = new AbortController();
      const pages = harness.store.list(userId, {}, { signal: abort.signal })[Symbol.asyncIterator]();
      await pages.next();
      abort.abort(reason);
      await expect(pages.next()).rejects.toBe(reason);
    });
  });
};
