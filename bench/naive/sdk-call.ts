/** The least that a `get` costs: one `GetItem` of the SDK. Reports the CPU time of each call, 32 at a time. */
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
