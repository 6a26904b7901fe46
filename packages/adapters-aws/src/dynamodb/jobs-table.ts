import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

export const PARTITION_KEY = 'userId';
export const SORT_KEY = 'jobId';

export const DEFAULT_SUMMARY_INDEX = 'jobs-summary';

/** The attributes that a list shows besides the key. The summary index projects them. */
export const SUMMARY_ATTRIBUTES = ['jobName', 'date', 'contentLength', 'creditsSpent', 'status'] as const;

/** Returns the table of jobs with its summary index, as `CreateTable` takes it. */
export const jobsTable = (tableName: string, summaryIndexName = DEFAULT_SUMMARY_INDEX) =>
  ({
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: PARTITION_KEY, AttributeType: 'S' },
      { AttributeName: SORT_KEY, AttributeType: 'N' },
    ],
    KeySchema: [
      { AttributeName: PARTITION_KEY, KeyType: 'HASH' },
      { AttributeName: SORT_KEY, KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: summaryIndexName,
        KeySchema: [
          { AttributeName: PARTITION_KEY, KeyType: 'HASH' },
          { AttributeName: SORT_KEY, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...SUMMARY_ATTRIBUTES] },
      },
    ],
  }) satisfies CreateTableCommandInput;
