import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { JobStoreHarness } from '@jobs-api/core/testing/contracts';
import { JobsTable, startLocalDynamo } from '@jobs-api/local';
import { startGate } from '@jobs-api/local/loopback';
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

/** Starts the same behind a gate. Returns a client that goes through it, and what the contract suite does to the table. */
export const startTableBehindGate = async (config: DynamoDBClientConfig) => {
  const { table, close, endpoint } = await startTable();
  const gate = await startGate(endpoint);
  const client = clientOf(gate.endpoint, config);
  const harness = {
    put: (record) => table.put(record),
    putUnreadable: (userId, jobId) => table.putUnreadable(userId, jobId),
    stall: async () => {
      gate.shut();
      return async () => gate.open();
    },
    close: async () => {
      client.destroy();
      await gate.close();
      await close();
    },
  } satisfies Partial<JobStoreHarness>;
  return { client, harness };
};
