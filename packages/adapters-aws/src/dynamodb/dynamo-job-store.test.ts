import { describe, expect, test } from '@jest/globals';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parseJobId, parseUserId } from '@jobs-api/core';
import { DynamoJobStore } from './dynamo-job-store.ts';

const alice = parseUserId('alice');

/** A store whose table sends these responses, which a real one never does. */
const storeOn = (...responses: object[]): DynamoJobStore => {
  const client = { send: async () => responses.shift() } as unknown as DynamoDBClient;
  return new DynamoJobStore(client, { tableName: 'jobs' });
};

describe('DynamoJobStore', () => {
  test.each([{}, { Items: 'abc' }, { Items: null }, { Items: {} }, { Items: [null] }, { Items: [[]] }])(
    'listByIds fails when a response is %j, which is not a list',
    async (response) => {
      const store = storeOn({ Items: [] }, response);
      const jobs = store.listByIds(alice, [parseJobId(1), parseJobId(2)]);
      await expect(jobs).rejects.toThrow('Query failed: the response is not a list');
    },
  );

  test.each([{}, { Items: 'abc' }, { Items: null }, { Items: {} }, { Items: [null] }, { Items: [[]] }])(
    'list fails when a page is %j, which is not a list',
    async (response) => {
      const store = storeOn({ Items: [{ jobId: { N: '1' } }], LastEvaluatedKey: { jobId: { N: '1' } } }, response);
      const pages = store.list(alice)[Symbol.asyncIterator]();
      expect(await pages.next()).toMatchObject({ value: [{ jobId: 1 }] });
      await expect(pages.next()).rejects.toThrow('Query failed: the response is not a list');
    },
  );

  test('list fails when a page ends at the same job as the page before', async () => {
    const page = () => ({ Items: [{ jobId: { N: '1' } }], LastEvaluatedKey: { jobId: { N: '1' } } });
    const pages = storeOn(page(), page()).list(alice)[Symbol.asyncIterator]();
    await pages.next();
    await expect(pages.next()).rejects.toThrow('Query failed: the list does not advance');
  });

  test.each(['abc', null, []])('find fails when the item is %j, which is not a map', async (Item) => {
    await expect(storeOn({ Item }).find(alice, parseJobId(1))).rejects.toThrow('GetItem failed: the item is not a map');
  });

  test.each([{}, { Table: 'abc' }])('check fails when the description of the table is %j', async (response) => {
    await expect(storeOn(response).check()).rejects.toThrow('DescribeTable failed');
  });
});
