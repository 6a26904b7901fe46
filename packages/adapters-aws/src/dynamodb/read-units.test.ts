import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DynamoDBClient, ServiceInputTypes } from '@aws-sdk/client-dynamodb';
import { createJobs, parseJobId, parseUserId, type ListQuery } from '@jobs-api/core';
import { MemoryObjectStore } from '@jobs-api/core/testing';
import type { JobsTable } from '@jobs-api/local';
import { startTable, TABLE } from '../testing/local-table.ts';
import { DynamoJobStore } from './dynamo-job-store.ts';
import { DEFAULT_SUMMARY_INDEX } from './jobs-table.ts';

const JOBS = 6_000;
const userId = parseUserId('alice');

let table: JobsTable;
let readUnits = 0;
let close: () => Promise<void>;

/** Has DynamoDB return what it charges for each query. */
const meter = (client: DynamoDBClient): void => {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName !== 'QueryCommand') return next(args);
        const input: ServiceInputTypes = { ...args.input, ReturnConsumedCapacity: 'TOTAL' };
        const result = await next({ ...args, input });
        const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } };
        readUnits += ConsumedCapacity?.CapacityUnits ?? 0;
        return result;
      },
    { step: 'initialize', name: 'readUnits' },
  );
};

beforeAll(async () => {
  ({ table, close } = await startTable());
  const jobName = 'x'.repeat(150);
  await table.putMany(Array.from({ length: JOBS }, (_, index) => ({ userId, jobId: index + 1, jobName })));
  // Its record is over 100 KB, but the attributes that a list shows are small.
  const names = Array.from({ length: 1_000 }, (_, index) => [`${index}.png`, 'x'.repeat(100)] as const);
  await table.put({ userId, jobId: 3, jobName, objectUuidNames: Object.fromEntries(names) });
  meter(table.client);
});

afterAll(() => close());

const unitsOf = async (query: ListQuery): Promise<{ listed: number; units: number }> => {
  readUnits = 0;
  const jobStore = new DynamoJobStore(table.client, { tableName: TABLE, summaryIndexName: DEFAULT_SUMMARY_INDEX });
  const { jobs } = await createJobs({ jobStore, objectStore: new MemoryObjectStore() }).listJobs(userId, query);
  return { listed: jobs.length, units: readUnits };
};

test(`listing 3 jobs by their ids costs half a read unit each, out of ${JOBS}`, async () => {
  expect(await unitsOf({ jobIds: [3, 3_000, 6_000].map(parseJobId) })).toEqual({ listed: 3, units: 1.5 });
});

test('a list with filters costs what the list costs', async () => {
  const { listed, units } = await unitsOf({});
  expect(listed).toBe(JOBS);
  expect(units).toBeGreaterThan(100);
  for (const filter of [{ name: 'xx' }, { statuses: ['success'] as const }, { createdAfter: 0n, createdBefore: 1n }])
    expect((await unitsOf(filter)).units).toBe(units);
});
