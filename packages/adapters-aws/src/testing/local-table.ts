import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { JobsTable, startLocalDynamo } from '@jobs-api/local';
import { requestLimits } from '../aws-clients.ts';
import { jobsTable } from '../dynamodb/jobs-table.ts';

export const TABLE = 'jobs';

export const clientOf = (endpoint: string, config: DynamoDBClientConfig = {}) =>
  new DynamoDBClient({
    ...config,
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local-secret' },
    requestHandler: requestLimits(10),
  });

/** Starts the stand-in for DynamoDB with the table of jobs. */
export const startTable = async () => {
  const dynamo = await startLocalDynamo();
  const table = new JobsTable(clientOf(dynamo.endpoint), jobsTable(TABLE));
  await table.create();
  const close = async () => {
    table.client.destroy();
    await dynamo.close();
  };
  return { table, close, endpoint: dynamo.endpoint };
};
