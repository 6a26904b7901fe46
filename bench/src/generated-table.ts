import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { listen } from '@jobs-api/local/loopback';
import { fileName, jobSummary, objectUuid } from './jobs.ts';

/** Listed jobs in a page: about a megabyte, as DynamoDB counts it, which is where it ends a page. */
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

const attributes = (count: number, value: (index: number) => object) => ({
  M: Object.fromEntries(Array.from({ length: count }, (_, index) => [objectUuid(index), value(index)])),
});

/** `generated-1000`: a user with 1,000 jobs, each of which, when it is asked for, has 1,000 files. */
export const generatedUser = (count: number): string => `generated-${count}`;

interface Call {
  readonly Key?: { userId: { S: string }; jobId: { N: string } };
  readonly ExpressionAttributeValues?: Readonly<Record<string, { S: string }>>;
  readonly ExclusiveStartKey?: { jobId: { N: string } };
}

const answerTo = ({ Key, ExpressionAttributeValues = {}, ExclusiveStartKey }: Call): object => {
  const userId = Key?.userId.S ?? Object.values(ExpressionAttributeValues)[0]?.S ?? '';
  const count = Number(userId.slice(generatedUser(0).length - 1));
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

/** Answers `Query` and `GetItem` as a DynamoDB table would whose users have as many jobs as their id says. */
export const startGeneratedTable = async (): Promise<string> => {
  const answers = new Map<string, string>();
  const server = createServer((request, response) => {
    void json(request).then((call) => {
      const asked = JSON.stringify(call);
      const body = answers.get(asked) ?? JSON.stringify(answerTo(call as Call));
      answers.set(asked, body);
      response.writeHead(200, { 'Content-Type': 'application/x-amz-json-1.0' }).end(body);
    });
  });
  server.keepAliveTimeout = 0;
  return listen(server);
};
