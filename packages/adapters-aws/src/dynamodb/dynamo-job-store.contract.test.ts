import { describe } from '@jest/globals';
import { describeJobStore } from '@jobs-api/core/testing/contracts';
import { refusingOrigin } from '@jobs-api/local/loopback';
import { clientOf, startTableBehindGate, TABLE } from '../testing/local-table.ts';
import { DynamoJobStore } from './dynamo-job-store.ts';
import { DEFAULT_SUMMARY_INDEX } from './jobs-table.ts';
import { UnconvertedJsonProtocol } from './unconverted-json-protocol.ts';

const ofContainer = { protocol: UnconvertedJsonProtocol };

describe.each([
  ['the client of the container, through the summary index', ofContainer, DEFAULT_SUMMARY_INDEX],
  ['the client of the container, through the table', ofContainer, undefined],
  ['any client, through the summary index', {}, DEFAULT_SUMMARY_INDEX],
])('with %s,', (_, config, summaryIndexName) => {
  describeJobStore('DynamoJobStore', async () => {
    const { client, harness } = await startTableBehindGate(config);
    const options = { tableName: TABLE, summaryIndexName };
    return {
      ...harness,
      store: new DynamoJobStore(client, options),
      unreachable: new DynamoJobStore(clientOf(await refusingOrigin()), options),
      refused: new DynamoJobStore(client, { ...options, tableName: 'no-such-table' }),
    };
  });
});
