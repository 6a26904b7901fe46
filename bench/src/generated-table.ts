import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { listen } from '@jobs-api/local/loopback';
import { fileName, jobSummary, objectUuid } from './jobs.ts';

/** Number of listed jobs in a page: about 1 MB, the limit of DynamoDB. */
const PAGE = 6_000;

const summary = (userId: string, jobId: number) => {
  const { jobName, date, totalSize, creditsSpent } = jobSummary(jobId);
  return {
    userId: { S: userId },
    jobId: { N: String(jobId) },
    jobName: { S: jobName },
    date: { S: date },
    contentLength: { N: String(totalSize) },
    creditsSpent: { N: String(creditsSpent) },
    status: { S: 'success' },
  };
};

/** A page of a list. */
export interface GeneratedPage {
  readonly Items: readonly ReturnType<typeof summary>[];
  readonly LastEvaluatedKey?: object;
}

const attributes = (count: number, value: (index: number) => object) => ({
  M: Object.fromEntries(Array.from({ length: count }, (_, index) => [objectUuid(index), value(index)])),
});

/** Returns a user id such as `generated-1000`. That user has 1,000 jobs of 1,000 files each. */
export const generatedUserId = (count: number): string => `generated-${count}`;

interface TableRequest {
  readonly Key?: { userId: { S: string }; jobId: { N: string } };
  readonly ExpressionAttributeValues?: Readonly<Record<string, { S: string }>>;
  readonly ExclusiveStartKey?: { jobId: { N: string } };
}

const responseTo = ({ Key, ExpressionAttributeValues = {}, ExclusiveStartKey }: TableRequest): object => {
  const userId = Key?.userId.S ?? Object.values(ExpressionAttributeValues)[0]?.S ?? '';
  const count = Number(userId.slice(generatedUserId(0).length - 1));
  if (Key) {
    const objectUuidNames = attributes(count, (index) => ({ S: fileName(index) }));
    const mediaLength = attributes(count, () => ({ N: '1' }));
    return { Item: { ...summary(userId, Number(Key.jobId.N)), objectUuidNames, mediaLength } };
  }
  const after = Number(ExclusiveStartKey?.jobId.N ?? 0);
  const last = Math.min(after + PAGE, count);
  const Items = Array.from({ length: last - after }, (_, index) => summary(userId, after + index + 1));
  return {
    Items,
    Count: Items.length,
    ...(last < count && { LastEvaluatedKey: { userId: { S: userId }, jobId: { N: String(last) } } }),
  };
};

/** Starts a stand-in for `Query` and `GetItem` of a table whose users have as many jobs as their id says. */
export const startGeneratedTable = async (): Promise<string> => {
  const bodies = new Map<string, string>();
  const server = createServer((request, response) => {
    void json(request).then((parsed) => {
      const key = JSON.stringify(parsed);
      const body = bodies.get(key) ?? JSON.stringify(responseTo(parsed as TableRequest));
      bodies.set(key, body);
      response.writeHead(200, { 'Content-Type': 'application/x-amz-json-1.0' }).end(body);
    });
  });
  server.keepAliveTimeout = 0;
  return listen(server);
};
