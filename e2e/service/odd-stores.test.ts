import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { overSocket } from '@jobs-api/http-express/testing/contracts';
import { SERVICE } from '../harness/built.ts';
import { startClock } from '../harness/clock.ts';
import { startFaultProxy, type FaultProxy, type FaultScript } from '../harness/fault-proxy.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

const FAILURE = { status: 500, body: '{"message":"Internal server failure message"}' };
const UNAVAILABLE = { status: 503, headers: { 'retry-after': '1' } };

let stack: LocalStack;
let proxy: FaultProxy;
let service: ServiceProcess;

beforeAll(async () => {
  stack = await startStack();
  proxy = await startFaultProxy(stack.env);
  service = await startService(SERVICE, { ...stack.env, ...proxy.env });
});
afterEach(() => proxy.restore());
afterAll(async () => {
  service.kill('SIGKILL');
  await service.exitCode;
  await proxy.close();
  await stack.close();
});

const send = async (path: string, method = 'GET') => {
  const headers = [['Authorization', await stack.tokenIssuer.issueToken('alice')] as const];
  return overSocket(service.origin)({ method, path: `/api/v1/jobs/${path}`, headers });
};
const deleteJob = (jobId: number) => send(`delete?job-id=${jobId}`, 'DELETE');

/** Returns the line of the log about a response, once it is written. */
const lineOf = async ({ headers }: { headers: Readonly<Record<string, unknown>> }): Promise<string> => {
  const find = () => service.log.find((line) => line.includes(String(headers['x-request-id'])));
  while (find() === undefined) await new Promise(setImmediate);
  return find() ?? '';
};

/** Plays a response to one call, and forwards the others. */
const play = (name: string, script: FaultScript) =>
  proxy.play((call, forward, body) => (call.name === name ? script(call, forward, body) : forward()));
const respond =
  (status: number, type: string, body: string): FaultScript =>
  () => ({ status, headers: { 'content-type': type }, body: Buffer.from(body) });
const xml = (status: number, body: string) => respond(status, 'application/xml', body);
const json = (status: number, body: string) => respond(status, 'application/x-amz-json-1.0', body);

/** Stores a job with a file and an unfinished upload. */
const newJob = async (jobId: number) => {
  await stack.table.put({ userId: 'alice', jobId, jobName: 'Walk' });
  await stack.bucket.put(`alice/${jobId}/a.png`, 'file');
  await stack.bucket.startUpload(`alice/${jobId}/b.mov`);
};

describe('the service', () => {
  test('reads NULL as missing and credits that are fractions', async () => {
    const NULL = { NULL: true } as const;
    const key = { userId: { S: 'alice' }, jobId: { N: '1' } };
    const nulls = { jobName: NULL, date: NULL, status: NULL, email: NULL, contentLength: NULL, objectUuidNames: NULL };
    await stack.table.putItem({ ...key, ...nulls, creditsSpent: NULL, mediaLength: { M: { 'a.png': NULL } } });
    await stack.table.putItem({ ...key, jobId: { N: '2' }, creditsSpent: { N: '0.5' } });
    const empty = { job_name: null, date: null, total_size: 0, status: 'unknown' };
    const { jobs } = JSON.parse((await send('list')).body) as { jobs: object[] };
    expect(jobs).toMatchObject([
      { job_id: 1, ...empty, credits_spent: 0 },
      { job_id: 2, ...empty, credits_spent: 0.5 },
    ]);
    const get = await send('get?job-id=1');
    expect(get.status).toBe(200);
    expect(JSON.parse(get.body)).toMatchObject({ job_info: { ...empty, email: null, media_length: {} }, results: {} });
    for (const jobId of [1, 2]) await stack.table.delete('alice', jobId);
  });

  test.each([
    ['GetItem', 'get?job-id=1', ''],
    ['GetItem', 'get?job-id=1', 'null'],
    ['GetItem', 'get?job-id=1', '{"Item":"abc"}'],
    ['Query', 'list', '{"Items":"abc"}'],
    ['Query', 'list', '{}'],
  ])('fails when the response to %s, for %s, is %j', async (call, path, body) => {
    play(call, json(200, body));
    expect(await send(path)).toMatchObject(FAILURE);
  });

  test.each(['ListObjectVersions', 'ListMultipartUploads'])(
    'fails a delete, without Retry-After, when the store has no %s, and logs call and job',
    async (call) => {
      await newJob(3);
      play(call, xml(501, '<Error><Code>NotImplemented</Code><Message>no</Message></Error>'));
      const response = await deleteJob(3);
      expect(response).toMatchObject(FAILURE);
      expect(response.headers).not.toHaveProperty('retry-after');
      const line = await lineOf(response);
      expect(line).toContain(`${call} failed: NotImplemented`);
      expect(line).toContain('"job_id":3');
      expect(await stack.table.has('alice', 3)).toBe(true);
    },
  );

  test('responds 503 to a delete while a transaction has the record, and the next one succeeds', async () => {
    await newJob(4);
    play('DeleteItem', json(400, '{"__type":"com.amazonaws#TransactionConflictException","message":"conflict"}'));
    expect(await deleteJob(4)).toMatchObject(UNAVAILABLE);
    expect(await stack.table.has('alice', 4)).toBe(true);
    await proxy.restore();
    expect(await deleteJob(4)).toMatchObject({ status: 200 });
    expect(await stack.table.has('alice', 4)).toBe(false);
  });

  test('deletes no file when the store lists files of another user too, and logs the call', async () => {
    await newJob(5);
    await stack.bucket.put('bob/1/a.png', 'file');
    const keys = ['alice/5/a.png', 'bob/1/a.png'].map((key) => `<Version><Key>${key}</Key><Size>4</Size></Version>`);
    play('ListObjectVersions', xml(200, `<L><IsTruncated>false</IsTruncated>${keys.join('')}</L>`));
    const response = await deleteJob(5);
    expect(response).toMatchObject(FAILURE);
    expect(await lineOf(response)).toContain('1 of 2 keys are not under the prefix requested');
    expect(await stack.bucket.contents('')).toEqual(
      expect.arrayContaining(['version alice/5/a.png', 'version bob/1/a.png']),
    );
    expect(await stack.table.has('alice', 5)).toBe(true);
  });

  test('responds 503 to a delete after 40 calls at most when an upload that cannot be aborted stays listed, and logs its key', async () => {
    await newJob(6);
    play('AbortMultipartUpload', xml(404, '<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>'));
    const response = await deleteJob(6);
    expect(response).toMatchObject(UNAVAILABLE);
    expect(await lineOf(response)).toContain('makes no progress: the store still lists \\"alice/6/b.mov\\"');
    expect(proxy.calls.filter(({ to }) => to !== 'token keys').length).toBeLessThanOrEqual(40);
    expect(await stack.table.has('alice', 6)).toBe(true);
  });

  test('signs links for S3_PUBLIC_ENDPOINT that work although its clock is an hour behind', async () => {
    await stack.bucket.put('alice/7/a.png', 'file');
    const clock = await startClock();
    clock.passTime(-3_600);
    const S3_PUBLIC_ENDPOINT = stack.env.AWS_ENDPOINT_URL_S3;
    const late = await startService(SERVICE, { ...stack.env, S3_PUBLIC_ENDPOINT, NODE_OPTIONS: clock.nodeOptions() });
    try {
      const sendLate = overSocket(late.origin);
      expect(await sendLate({ path: '/readyz' })).toMatchObject({ status: 200 });
      const headers = [['Authorization', await stack.tokenIssuer.issueToken('alice')] as const];
      const path = '/api/v1/jobs/get-object-url?job-id=7&object-uuid=a.png&expires-in=60';
      const { url } = JSON.parse((await sendLate({ path, headers })).body) as { url: string };
      expect(await (await fetch(url)).text()).toBe('file');
    } finally {
      late.kill('SIGKILL');
      await late.exitCode;
      await clock.close();
    }
  });
});
