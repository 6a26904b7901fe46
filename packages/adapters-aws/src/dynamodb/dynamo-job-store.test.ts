import { expect, test } from '@jest/globals';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parseUserId } from '@jobs-api/core';
import { DynamoJobStore } from './dynamo-job-store.ts';

test('an answer that is not a list is not taken for the end of one', async () => {
  const answers: object[] = [{ Items: [{ jobId: { N: '1' } }], LastEvaluatedKey: { jobId: { N: '1' } } }, {}];
  const client = { send: async () => answers.shift() } as unknown as DynamoDBClient;
  const pages = new DynamoJobStore(client, { tableName: 'jobs' }).list(parseUserId('alice'))[Symbol.asyncIterator]();
  expect(await pages.next()).toMatchObject({ value: [{ jobId: 1 }] });
  await expect(pages.next()).rejects.toThrow('Query failed: the answer is not a list');
});

test('an answer that is no description is not taken for a sound table', async () => {
  const client = { send: async () => ({}) } as unknown as DynamoDBClient;
  const store = new DynamoJobStore(client, { tableName: 'jobs' });
  await expect(store.check()).rejects.toThrow('DescribeTable failed: the answer is no description');
});
