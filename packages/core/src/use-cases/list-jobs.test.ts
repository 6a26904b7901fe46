import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseUserId, type JobId } from '../identifiers.ts';
import { parseRfc3339 } from '../job-date.ts';
import type { JobFilter } from '../job-filter.ts';
import { jobStatuses, type KnownStatusCode } from '../job-status.ts';
import { createJobs } from '../jobs.ts';
import { MemoryJobStore, MemoryObjectStore, type JobRecord } from '../testing.ts';
import type { ListQuery } from './list-jobs.ts';

const alice = parseUserId('alice');
const codes = Object.keys(jobStatuses) as KnownStatusCode[];

/** A filter, and the same filter on stored records, written from the contract. */
interface TestFilter {
  readonly filter: JobFilter;
  readonly matches: (record: JobRecord) => boolean;
}

const YEARS = [2019, 2020, 2021, 2022];
const dayOf = (year: number) => `${year}-06-01`;

const statusFilter = fc.subarray(codes, { minLength: 1 }).map((statuses): TestFilter => ({
  filter: { statuses },
  matches: ({ status = '' }) => statuses.some((code) => status.replace(/\.\.\.\d+%$/, '') === code),
}));
const nameFilter = fc.constantFrom('walk', 'WALK', 'a', 'Ü', '7').map((name): TestFilter => ({
  filter: { name },
  matches: ({ jobName }) => Boolean(jobName?.toLowerCase().includes(name.toLowerCase())),
}));
const dateFilter = (key: 'createdAfter' | 'createdBefore') =>
  fc.constantFrom(...YEARS).map((year): TestFilter => ({
    filter: { [key]: parseRfc3339(`${dayOf(year)}T00:00:00Z`) },
    matches: ({ date }) => {
      if (!date?.endsWith('UTC')) return false;
      return key === 'createdAfter' ? date >= dayOf(year) : date < dayOf(year);
    },
  }));
const filters = fc
  .tuple(
    ...[statusFilter, nameFilter, dateFilter('createdAfter'), dateFilter('createdBefore')].map((one) => fc.option(one)),
  )
  .map((chosen): TestFilter => {
    const given = chosen.filter((one) => one !== null);
    return {
      filter: Object.assign({}, ...given.map(({ filter }) => filter)) as JobFilter,
      matches: (record) => given.every(({ matches }) => matches(record)),
    };
  });

const recordOf = (jobId: number, chance: number): JobRecord => {
  const status = [...codes, 'processing...45%', 'archived'][chance % (codes.length + 2)];
  const jobName = ['Coast walk', 'WALK 7', 'Übermut', null][Math.floor(chance / 16) % 4] ?? null;
  const date =
    chance % 7 === 0 ? 'last week' : `${YEARS[Math.floor(chance / 64) % 4]}-0${(chance % 9) + 1}-15 12:00:00.5 UTC`;
  return { userId: 'alice', jobId, jobName, date, ...(status && { status }) };
};

const storeOf = (records: readonly JobRecord[], pageSize: number): MemoryJobStore => {
  const store = new MemoryJobStore({ pageSize });
  for (const record of records) store.put(record);
  return store;
};

/** Follows a list to its end, and returns the ids of each page. */
const follow = async (store: MemoryJobStore, query: ListQuery): Promise<number[][]> => {
  const { listJobs } = createJobs({ jobStore: store, objectStore: new MemoryObjectStore() });
  const pages: number[][] = [];
  let after: JobId | undefined;
  do {
    const page = await listJobs(alice, { ...query, after });
    pages.push(page.jobs.map(({ jobId }) => jobId));
    after = page.next;
  } while (after !== undefined);
  return pages;
};

const byHand = (records: readonly JobRecord[], { matches }: TestFilter, order: 'asc' | 'desc'): number[] => {
  const ids = records.filter(matches).map(({ jobId }) => jobId);
  return ids.sort((one, other) => (order === 'asc' ? one - other : other - one));
};

const orders = fc.constantFrom<'asc' | 'desc'>('asc', 'desc');

describe('the pages of a list', () => {
  test('are together the full list, filtered by hand, with any mix of filters', async () => {
    const jobs = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.nat(4095)), {
      selector: ([jobId]) => jobId,
    });
    const limits = fc.integer({ min: 1, max: 12 });
    await fc.assert(
      fc.asyncProperty(
        jobs,
        filters,
        orders,
        limits,
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (chances, one, order, limit, pageSize, endsEarly) => {
          const records = chances.map(([jobId, chance]) => recordOf(jobId, chance));
          const store = storeOf(records, pageSize);
          const expected = byHand(records, one, order);
          const pageEnd = endsEarly ? AbortSignal.abort() : undefined;
          const pages = await follow(store, { ...one.filter, order, limit, pageEnd });
          expect(pages.flat()).toEqual(expected);
          if (!endsEarly || Object.keys(one.filter).length === 0)
            expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
          expect(await follow(store, { ...one.filter, order, pageEnd })).toEqual([expected]);
          const jobIds = records.map(({ jobId }) => jobId as JobId);
          expect(await follow(store, { ...one.filter, order, jobIds })).toEqual([expected]);
        },
      ),
      { numRuns: 300 },
    );
  });

  describe('of 10,000 jobs', () => {
    const records = Array.from({ length: 10_000 }, (_, index) => recordOf(index + 1, (index * 2_654_435_761) % 4096));
    let store: MemoryJobStore;

    beforeAll(() => {
      store = storeOf(records, 500);
    });

    test('are together the full list, filtered by hand, with any mix of filters', async () => {
      await fc.assert(
        fc.asyncProperty(filters, orders, fc.constantFrom(97, 1000), async (one, order, limit) => {
          const pages = await follow(store, { ...one.filter, order, limit });
          expect(pages.flat()).toEqual(byHand(records, one, order));
        }),
        { numRuns: 10 },
      );
    });
  });
});

describe('a filter', () => {
  const idsOf = async (records: readonly JobRecord[], filter: JobFilter) =>
    (await follow(storeOf(records, 2), filter))[0];

  test('by date takes the first instant of its range and not the last', async () => {
    const dates = ['2020-01-01 12:00:00 UTC', '2020-01-02 12:00:00 UTC'];
    const records = dates.map((date, index) => ({ userId: 'alice', jobId: index + 1, date }));
    const range = ['2020-01-01T12:00:00Z', '2020-01-02T12:00:00Z'].map(parseRfc3339);
    expect(await idsOf(records, { createdAfter: range[0], createdBefore: range[1] })).toEqual([1]);
    expect(await idsOf(records, { createdAfter: range[1] })).toEqual([2]);
  });

  test('by date does not match a job whose date is missing or cannot be parsed', async () => {
    const dates = [null, 'last week', '2020-01-01 12:00:00 UTC'];
    const records = dates.map((date, index) => ({ userId: 'alice', jobId: index + 1, date }));
    expect(await idsOf(records, { createdAfter: parseRfc3339('2019-01-01T12:00:00Z') })).toEqual([3]);
    expect(await idsOf(records, { createdBefore: parseRfc3339('2021-01-01T12:00:00Z') })).toEqual([3]);
  });

  test.each([
    ['ΟΔΟΣ', 'οδοσ'],
    ['STRAẞE', 'straße'],
  ])('by name matches %s with %s', async (jobName, name) => {
    const records = [
      { userId: 'alice', jobId: 1, jobName },
      { userId: 'alice', jobId: 2 },
    ];
    expect(await idsOf(records, { name })).toEqual([1]);
  });
});

describe('a list of jobs by their ids', () => {
  test('fetches these jobs only, each once', async () => {
    const store = storeOf([recordOf(1, 1), recordOf(2, 2), recordOf(3, 3)], 2);
    store.failures.list = new Error('the whole list was read');
    const fetched: number[] = [];
    const listByIds = store.listByIds.bind(store);
    store.listByIds = (userId, jobIds, options) => (fetched.push(...jobIds), listByIds(userId, jobIds, options));
    expect(await follow(store, { jobIds: [3, 1, 3, 9] as JobId[] })).toEqual([[1, 3]]);
    expect(fetched).toEqual([3, 1, 9]);
  });
});
