import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { HANDLER } from '../harness/built.ts';
import { version2Event } from '../harness/gateway-events.ts';
import { responseOf } from '../harness/gateway-response.ts';
import { startStack } from '../harness/stack.ts';
import { startLambdaRuntime, type LambdaRuntime } from './runtime-api.ts';

const { LAMBDA_RUNTIME_CLIENT = '' } = process.env;

let stack: LocalStack;
let runtime: LambdaRuntime;

beforeAll(async () => {
  stack = await startStack();
  for (const userId of ['alice', 'bob']) await stack.table.put({ userId, jobId: 1, jobName: `of ${userId}` });
});

afterAll(() => stack.close());

afterEach(() => runtime.close());

const listOf = async (userId: string) => {
  const headers = [['Authorization', await stack.tokenIssuer.issueToken(userId)] as const];
  const { status, body } = responseOf(await runtime.invoke(version2Event({ path: '/api/v1/jobs/list', headers })));
  return { status, body };
};

describe("the bundled handler under AWS's runtime client", () => {
  test('responds cold and warm, reports an invalid event, and then still responds', async () => {
    runtime = await startLambdaRuntime(LAMBDA_RUNTIME_CLIENT, HANDLER, stack.env);
    const cold = await listOf('alice');
    expect(cold).toMatchObject({ status: 200 });
    expect(cold.body).toContain('of alice');
    expect(await listOf('alice')).toEqual(cold);
    await expect(runtime.invoke({ source: 'aws.events' })).rejects.toMatchObject({
      errorMessage: expect.stringContaining('The event is not an HTTP request'),
    });
    expect(await listOf('alice')).toEqual(cold);
  });

  test('returns to each of two users their own jobs in 50 invocations', async () => {
    runtime = await startLambdaRuntime(LAMBDA_RUNTIME_CLIENT, HANDLER, stack.env);
    const users = Array.from({ length: 50 }, (_, index) => (index % 3 === 0 ? 'bob' : 'alice'));
    const responses = await Promise.all(users.map(listOf));
    for (const [index, { status, body }] of responses.entries()) {
      expect(status).toBe(200);
      expect(body).toContain(`of ${users[index]}`);
    }
  });

  test('returns 503 before its time is up', async () => {
    runtime = await startLambdaRuntime(LAMBDA_RUNTIME_CLIENT, HANDLER, stack.env);
    await listOf('alice');
    const headers = [['Authorization', await stack.tokenIssuer.issueToken('alice')] as const];
    const event = version2Event({ path: '/api/v1/jobs/list', headers });
    expect(responseOf(await runtime.invoke(event, { timeoutMs: 500 }))).toMatchObject({ status: 503 });
  });

  test('fails to initialise without its environment, and names what is missing', async () => {
    runtime = await startLambdaRuntime(LAMBDA_RUNTIME_CLIENT, HANDLER, {});
    expect(await runtime.initError).toMatchObject({
      errorMessage: expect.stringContaining('JOBS_TABLE is missing\nJOBS_BUCKET is missing'),
    });
  });
});
