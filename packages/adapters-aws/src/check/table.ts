import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parseJobId, parseUserId } from '@jobs-api/core';
import type { AwsConfig } from '../config.ts';
import { DynamoJobStore } from '../dynamodb/dynamo-job-store.ts';
import { failed, isNamed, isRefused, look, ok, reasonOf, refused, skipped } from './finding.ts';
import type { Finding } from './finding.ts';

/** Has no jobs: no issuer gives out such a user id. */
const NOBODY = parseUserId('jobs-api --check');

export async function* checkTable(client: DynamoDBClient, config: AwsConfig): AsyncIterable<Finding> {
  const { tableName, summaryIndexName } = config;
  const store = new DynamoJobStore(client, { tableName, summaryIndexName });
  let indexProblems: readonly string[] = [];
  const table = await look(
    'table',
    async (signal) => {
      const problems = await store.problems({ signal });
      indexProblems = problems.index;
      if (problems.table.length > 0) return failed(`${tableName}: ${problems.table.join('; ')}.`);
      await store.find(NOBODY, parseJobId(1), { signal });
      return ok(`${tableName} is there, and can be read.`);
    },
    (error) => {
      if (isNamed(error, 'ResourceNotFoundException'))
        return failed(`There is no table ${tableName} in this account and region. Create it, or correct JOBS_TABLE.`);
      if (isRefused(error))
        return failed(refused('dynamodb:DescribeTable and dynamodb:GetItem', `the table ${tableName}`));
      return failed(`${tableName}: ${reasonOf(error)}`);
    },
  );
  yield table;

  const subject = 'index projection';
  if (summaryIndexName === undefined) {
    const text = 'JOBS_SUMMARY_INDEX is not set: a list reads whole jobs out of the table, which costs more.';
    yield { subject, verdict: 'warning', text };
  } else if (table.verdict === 'failed') {
    yield skipped(subject, 'the table is not right');
  } else {
    yield await look(
      subject,
      async (signal) => {
        if (indexProblems.length > 0)
          return failed(`Of ${tableName}, ${indexProblems.join('; ')}. Make an index as jobs-table.ts describes it.`);
        await store.list(NOBODY, { sizeHint: 1 }, { signal })[Symbol.asyncIterator]().next();
        return ok(`${summaryIndexName} has all that a list shows, and can be read.`);
      },
      (error) =>
        failed(
          isRefused(error)
            ? refused('dynamodb:Query', `the index ${summaryIndexName} of ${tableName}`)
            : `${summaryIndexName}: ${reasonOf(error)}`,
        ),
    );
  }
}
