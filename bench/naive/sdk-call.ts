/** The least that a `get` costs: a `GetItem` of the SDK. Makes 32 calls at a time and reports the CPU time of one. */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';

const client = new DynamoDBClient({});
const command = { TableName: process.env.JOBS_TABLE, Key: { userId: { S: 'clicker' }, jobId: { N: '1' } } };

process.on('message', (count: number) => {
  let left = count;
  const before = process.cpuUsage();
  const run = async () => {
    while (left-- > 0) await client.send(new GetItemCommand(command));
  };
  void Promise.all(Array.from({ length: 32 }, run)).then(() => {
    const { user, system } = process.cpuUsage(before);
    process.send?.({ cpuUs: (user + system) / count });
  });
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
