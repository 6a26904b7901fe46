import { DeleteItemCommand, DescribeContinuousBackupsCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parseJobId, parseUserId } from '@jobs-api/core';
import type { AwsConfig } from '../config.ts';
import { DynamoJobStore } from '../dynamodb/dynamo-job-store.ts';
import { PARTITION_KEY, SORT_KEY } from '../dynamodb/jobs-table.ts';
import { codeOf, explain, isNotImplemented, type TriedCall } from './explain.ts';
import { check, failed, ok, skipped, warning, type Finding } from './finding.ts';

/** Id of a user without jobs: no issuer issues tokens for it. */
export const CHECK_USER_ID = parseUserId('jobs-api --check');
const CHECK_JOB_ID = parseJobId(1);

export const TABLE_SUBJECTS = ['table', 'index projection', 'delete records', 'backups'];

export async function* checkTable(client: DynamoDBClient, config: AwsConfig): AsyncIterable<Finding> {
  const { tableName, summaryIndexName } = config;
  const store = new DynamoJobStore(client, { tableName, summaryIndexName });
  const callOf = (name: string, resource = `the table ${tableName}`): TriedCall => ({
    name,
    permission: `dynamodb:${name}`,
    resource,
    endpoint: 'AWS_ENDPOINT_URL_DYNAMODB',
  });
  let tried = callOf('DescribeTable');
  let indexProblems: readonly string[] = [];
  const table = await check(
    'table',
    async (signal) => {
      const problems = await store.problems({ signal });
      indexProblems = problems.index;
      if (problems.table.length > 0) return failed(`${tableName}: ${problems.table.join('; ')}.`);
      tried = callOf('GetItem');
      await store.find(CHECK_USER_ID, CHECK_JOB_ID, { signal });
      return ok(`${tableName} exists and can be read.`);
    },
    (error) => failed(explain(error, tried)),
  );
  yield table;
  if (table.verdict === 'failed') {
    for (const subject of TABLE_SUBJECTS.slice(1)) yield skipped(subject, 'the check of the table failed');
    return;
  }

  yield await check(
    'index projection',
    async (signal) => {
      if (indexProblems.length > 0)
        return failed(
          `${tableName}: ${indexProblems.join('; ')}. Create the index as jobs-table.ts describes it, or correct JOBS_SUMMARY_INDEX.`,
        );
      await store.list(CHECK_USER_ID, { sizeHint: 1 }, { signal })[Symbol.asyncIterator]().next();
      return summaryIndexName === undefined
        ? warning('JOBS_SUMMARY_INDEX is not set: a list reads whole jobs from the table, which costs more.')
        : ok(`${summaryIndexName} has everything that a list shows, and can be read.`);
    },
    (error) =>
      failed(explain(error, callOf('Query', summaryIndexName && `the index ${summaryIndexName} of ${tableName}`))),
  );

  yield await check(
    'delete records',
    async (abortSignal) => {
      // The condition is never met, so nothing is deleted.
      const command = new DeleteItemCommand({
        TableName: tableName,
        Key: { [PARTITION_KEY]: { S: CHECK_USER_ID }, [SORT_KEY]: { N: String(CHECK_JOB_ID) } },
        ConditionExpression: 'attribute_exists(#key) AND attribute_not_exists(#key)',
        ExpressionAttributeNames: { '#key': PARTITION_KEY },
      });
      await client.send(command, { abortSignal });
      return ok('Records can be deleted.');
    },
    (error) =>
      codeOf(error) === 'ConditionalCheckFailedException'
        ? ok('Records can be deleted.')
        : failed(explain(error, callOf('DeleteItem'))),
  );

  yield await check(
    'backups',
    async (abortSignal) => {
      const command = new DescribeContinuousBackupsCommand({ TableName: tableName });
      const { ContinuousBackupsDescription } = await client.send(command, { abortSignal });
      const status = ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
      return status === 'ENABLED'
        ? ok('Point-in-time recovery is on.')
        : warning('Point-in-time recovery is off: records that a program deletes by mistake are lost. Turn it on.');
    },
    (error) =>
      isNotImplemented(error)
        ? { verdict: 'skipped', text: 'The server has no point-in-time recovery.' }
        : warning(`Cannot be checked. ${explain(error, callOf('DescribeContinuousBackups'))}`),
  );
}
