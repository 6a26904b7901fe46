import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { parseUserId, type UnreadableJob } from '@jobs-api/core';
import type { JobsTable } from '@jobs-api/local';
import { startTable, TABLE } from '../testing/local-table.ts';
import { DynamoJobStore } from './dynamo-job-store.ts';
import { DEFAULT_SUMMARY_INDEX, jobsTable } from './jobs-table.ts';

const waysToList = [
  ['the summary index', DEFAULT_SUMMARY_INDEX],
  ['the table', undefined],
] as const;

describe('DynamoJobStore', () => {
  const manyIds = Array.from({ length: 30_000 }, (_, index) => index + 1);
  let table: JobsTable;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ table, close } = await startTable());
    await table.putMany(manyIds.map((jobId) => ({ userId: 'many', jobId, jobName: 'x'.repeat(900) })));
    const names = Array.from({ length: 2_000 }, (_, index) => [`${index}.png`, 'x'.repeat(90)] as const);
    for (let jobId = 1; jobId <= 25; jobId++)
      await table.put({ userId: 'wide', jobId, objectUuidNames: Object.fromEntries(names) });
    for (const N of ['0', '-1', '1.5', '9007199254740992', '1e30'])
      await table.putItem({ userId: { S: 'odd' }, jobId: { N } });
    await table.put({ userId: 'odd', jobId: 7 });
  });

  afterAll(() => close());

  describe.each(waysToList)('lists through %s', (_, summaryIndexName) => {
    const list = async (userId: string) => {
      const store = new DynamoJobStore(table.client, { tableName: TABLE, summaryIndexName });
      const ids: number[] = [];
      const unreadable: string[] = [];
      const onUnreadable = ({ storedJobId }: UnreadableJob) => unreadable.push(storedJobId);
      let pages = 0;
      for await (const page of store.list(parseUserId(userId), {}, { onUnreadable })) {
        for (const { jobId } of page) ids.push(jobId);
        pages++;
      }
      return { ids, pages, unreadable };
    };

    test('30,000 jobs of 1 KB, over all their pages', async () => {
      const { ids, pages } = await list('many');
      expect(ids).toEqual(manyIds);
      expect(pages).toBeGreaterThan(20);
    });

    test('jobs of 200 KB', async () => {
      expect((await list('wide')).ids).toHaveLength(25);
    });

    test('jobs beside items whose id is not valid', async () => {
      const { ids, unreadable } = await list('odd');
      expect(ids).toEqual([7]);
      expect(unreadable).toEqual(['-1', '0', '1.5', '9007199254740992', `1${'0'.repeat(30)}`]);
    });
  });

  test('check resolves if the table exists, and rejects if not', async () => {
    await new DynamoJobStore(table.client, { tableName: TABLE }).check();
    const missing = new DynamoJobStore(table.client, { tableName: 'no-such-table' });
    await expect(missing.check()).rejects.toThrow('DescribeTable failed: ResourceNotFoundException');
  });

  test('check rejects if the index is missing or lacks what a list shows', async () => {
    const { GlobalSecondaryIndexes, ...definition } = jobsTable('lean');
    const Projection = { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: ['jobName', 'status', 'email'] };
    await table.client.send(
      new CreateTableCommand({
        ...definition,
        GlobalSecondaryIndexes: GlobalSecondaryIndexes.map((index) => ({ ...index, Projection })),
      }),
    );
    const check = (tableName: string, summaryIndexName: string) =>
      new DynamoJobStore(table.client, { tableName, summaryIndexName }).check();
    await check(TABLE, DEFAULT_SUMMARY_INDEX);
    await expect(check(TABLE, 'jobs-by-date')).rejects.toThrow('the table has no global secondary index jobs-by-date');
    await expect(check('lean', DEFAULT_SUMMARY_INDEX)).rejects.toThrow(
      'the index jobs-summary does not project date, contentLength, creditsSpent, which a list shows',
    );
  });
});
