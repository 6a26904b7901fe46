import type { GlobalSecondaryIndexDescription, TableDescription } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { jobsTable } from './jobs-table.ts';
import { tableProblems } from './table-problems.ts';

const INDEX = 'by-user';
const { GlobalSecondaryIndexes, ...definition } = jobsTable('jobs', INDEX);
const [summaryIndex] = GlobalSecondaryIndexes;
const sound: TableDescription = { ...definition, TableStatus: 'ACTIVE' };

const withIndex = (changes: Partial<GlobalSecondaryIndexDescription>): TableDescription => ({
  ...sound,
  GlobalSecondaryIndexes: [{ ...summaryIndex, IndexStatus: 'ACTIVE', ...changes }],
});
const projecting = (...NonKeyAttributes: string[]) =>
  withIndex({ Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes } });

describe('a table has no problems', () => {
  test.each<[string, TableDescription, string | undefined]>([
    ['that is as jobs-table.ts describes it', withIndex({}), INDEX],
    ['without an index, if none is configured', sound, undefined],
    ['with a broken index, if none is configured', withIndex({ IndexStatus: 'CREATING', KeySchema: [] }), undefined],
    ['whose index projects everything', withIndex({ Projection: { ProjectionType: 'ALL' } }), INDEX],
    [
      'whose index projects more than a list shows',
      projecting('email', 'status', 'creditsSpent', 'contentLength', 'date', 'jobName'),
      INDEX,
    ],
    [
      'that is being updated with its index',
      { ...withIndex({ IndexStatus: 'UPDATING' }), TableStatus: 'UPDATING' },
      INDEX,
    ],
  ])('%s', (_, description, index) => {
    expect(tableProblems(description, index)).toEqual({ table: [], index: [] });
  });
});

const key = (partition: string, sort?: string) => [
  { AttributeName: partition, KeyType: 'HASH' as const },
  ...(sort === undefined ? [] : [{ AttributeName: sort, KeyType: 'RANGE' as const }]),
];

describe('a table has problems', () => {
  const textIds = [
    { AttributeName: 'userId', AttributeType: 'S' as const },
    { AttributeName: 'jobId', AttributeType: 'S' as const },
  ];
  test.each<[string, Partial<TableDescription>, string]>([
    ['that is being made', { TableStatus: 'CREATING' }, 'the table is CREATING, not ACTIVE'],
    [
      'whose encryption key is gone',
      { TableStatus: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS' },
      'the table is INACCESSIBLE_ENCRYPTION_CREDENTIALS, not ACTIVE',
    ],
    ['of another key', { KeySchema: key('jobId') }, "the table's key is not userId (S), jobId (N)"],
    [
      'whose key is the wrong way round',
      { KeySchema: key('jobId', 'userId') },
      "the table's key is not userId (S), jobId (N)",
    ],
    ['whose ids are text', { AttributeDefinitions: textIds }, "the table's key is not userId (S), jobId (N)"],
  ])('%s', (_, changes, problem) => {
    expect(tableProblems({ ...withIndex({}), ...changes }, INDEX)).toEqual({ table: [problem], index: [] });
  });

  const lacksAll = `the index ${INDEX} does not project jobName, date, contentLength, creditsSpent, status, which a list shows`;
  test.each<[string, TableDescription, string]>([
    ['without any index', sound, `the table has no global secondary index ${INDEX}`],
    ['without that index', withIndex({ IndexName: 'other' }), `the table has no global secondary index ${INDEX}`],
    ['being filled', withIndex({ IndexStatus: 'CREATING' }), `the index ${INDEX} is CREATING, not ACTIVE`],
    ['being deleted', withIndex({ IndexStatus: 'DELETING' }), `the index ${INDEX} is DELETING, not ACTIVE`],
    ['of keys only', withIndex({ Projection: { ProjectionType: 'KEYS_ONLY' } }), lacksAll],
    ['of no known projection', withIndex({ Projection: undefined }), lacksAll],
    [
      'without one attribute',
      projecting('jobName', 'date', 'contentLength', 'creditsSpent'),
      `the index ${INDEX} does not project status, which a list shows`,
    ],
    [
      'of another key',
      withIndex({ KeySchema: key('userId', 'date') }),
      `the key of the index ${INDEX} is not userId (S), jobId (N)`,
    ],
  ])('in its index: %s', (_, description, problem) => {
    expect(tableProblems(description, INDEX)).toEqual({ table: [], index: [problem] });
  });
});
