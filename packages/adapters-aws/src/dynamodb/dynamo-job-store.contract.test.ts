import { describe } from '@jest/globals';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { describeJobStore } from '@jobs-api/core/testing/contracts';
import { refusingOrigin, startGate } from '@jobs-api/local/loopback';
import { clientOf, startTable, TABLE } from '../testing/local-table.ts';
import { DynamoJobStore } from './dynamo-job-store.ts';
import { DEFAULT_SUMMARY_INDEX } from './jobs-table.ts';
import { UnconvertedJsonProtocol } from './unconverted-json-protocol.ts';

const clients: [string, DynamoDBClientConfig, string | undefined][] = [
  [
    'the client of the container, through the summary index',
    { protocol: UnconvertedJsonProtocol },
    DEFAULT_SUMMARY_INDEX,
  ],
  ['the client of the container, through the table', { protocol: UnconvertedJsonProtocol }, undefined],
  ['any client, through the summary index', {}, DEFAULT_SUMMARY_INDEX],
];

describe.each(clients)('with %s,', (_, config, summaryIndexName) => {
  describeJobStore('DynamoJobStore', async () => {
    const { table, close, endpoint } = await startTable();
    const gate = await startGate(endpoint);
    const client = clientOf(gate.endpoint, config);
    const options = { tableName: TABLE, summaryIndexName };
    return {
      store: new DynamoJobStore(client, options),
      unreachable: new DynamoJobStore(clientOf(await refusingOrigin()), options),
      refused: new DynamoJobStore(client, { ...options, tableName: 'no-such-table' }),
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
    };
  });
});
