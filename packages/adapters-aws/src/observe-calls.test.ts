import { createServer } from 'node:http';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, test } from '@jest/globals';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { observeCalls, type AwsCall } from './observe-calls.ts';

interface StubResponse {
  readonly status: number;
  readonly type?: string;
}

const settings = { region: 'us-east-1', credentials: { accessKeyId: 'key', secretAccessKey: 'secret' } };

/** Requests an item from a server that sends these responses one after the other, then resets every connection. */
const observe = async (responses: StubResponse[], abortSignal = new AbortController().signal) => {
  const server = createServer((req, res) => {
    const response = responses.shift();
    if (!response) return void req.socket.destroy();
    res.writeHead(response.status, { 'Content-Type': 'application/x-amz-json-1.0' });
    res.end(JSON.stringify(response.type === undefined ? {} : { __type: response.type }));
  });
  const endpoint = await listen(server);
  const calls: AwsCall[] = [];
  const client = new DynamoDBClient({ ...settings, endpoint, maxAttempts: 3 });
  observeCalls(client, { onCall: (call) => calls.push(call) });
  const command = new GetItemCommand({ TableName: 'jobs', Key: { userId: { S: 'alice' }, jobId: { N: '1' } } });
  const failed = await client.send(command, { abortSignal }).then(
    () => false,
    () => true,
  );
  client.destroy();
  await closeServer(server);
  return { calls, failed };
};

const ok = { status: 200 };
const busy = { status: 400, type: 'ThrottlingException' };
const broken = { status: 500, type: 'InternalServerError' };

test.each<[string, StubResponse[], AwsCall['outcome'], number]>([
  ['that succeeds', [ok], 'success', 1],
  ['that succeeds after retries', [broken, busy, ok], 'success', 3],
  ['that is throttled at every attempt', [busy, busy, busy], 'throttled', 3],
  ['that fails at every attempt', [broken, broken, broken], 'unavailable', 3],
  ['whose connection is reset', [], 'unavailable', 3],
  ['that is not allowed', [{ status: 400, type: 'AccessDeniedException' }], 'refused', 1],
])('a call %s is reported once, with its attempts', async (_, responses, outcome, attempts) => {
  const { calls, failed } = await observe(responses);
  expect(calls).toEqual([
    { service: 'DynamoDB', operation: 'GetItem', outcome, attempts, seconds: expect.any(Number) },
  ]);
  expect(calls[0]?.seconds).toBeGreaterThan(0);
  expect(failed).toBe(outcome !== 'success');
});

test('a call that is aborted is reported as aborted', async () => {
  const { calls } = await observe([ok], AbortSignal.abort());
  expect(calls).toMatchObject([{ outcome: 'aborted', attempts: 1 }]);
});

test('signing a URL is not reported as a call', async () => {
  const calls: AwsCall[] = [];
  const client = new S3Client(settings);
  observeCalls(client, { onCall: (call) => calls.push(call) });
  expect(await getSignedUrl(client, new GetObjectCommand({ Bucket: 'b', Key: 'k' }))).toMatch(/^https:/);
  expect(calls).toEqual([]);
});
