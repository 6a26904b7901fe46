import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { TableDefinition } from './jobs-table.ts';
import { startLocalStack } from './stack.ts';

const table: TableDefinition = {
  TableName: 'jobs',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'userId', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'userId', KeyType: 'HASH' }],
};

test('a stack in a folder can be started again as soon as it is closed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'jobs-api-'));
  // Many times, because a folder that is released too late fails only now and then.
  for (let start = 0; start < 100; start++) {
    const stack = await startLocalStack({ table, directory });
    expect(stack.isNew).toBe(start === 0);
    await stack.close();
  }
  await rm(directory, { recursive: true });
});
