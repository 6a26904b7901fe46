import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { documentedRows, expectDocumented } from '@jobs-api/http-express/testing/contracts';
import type { LocalStack } from '@jobs-api/local';
import { startGate, type Gate } from '@jobs-api/local/loopback';
import { HANDLER } from '../harness/built.ts';
import { API_GATEWAYS, GATEWAYS, loadBalancerEvent, version2Event, type ToEvent } from '../harness/gateway-events.ts';
import { responseOf } from '../harness/gateway-response.ts';
import { startLambda, type LambdaProcess } from '../harness/lambda-process.ts';
import { runToEnd } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const LIST = { path: '/api/v1/jobs/list' };

let stack: LocalStack;
let gate: Gate;
let lambdas: LambdaProcess[] = [];

beforeAll(async () => {
  stack = await startStack();
  gate = await startGate(stack.env.AWS_ENDPOINT_URL_DYNAMODB);
  for (const userId of ['alice', 'bob']) await stack.table.put({ userId, jobId: 1, jobName: `of ${userId}` });
});

afterAll(async () => {
  await gate.close();
  await stack.close();
});

afterEach(async () => {
  gate.open();
  await Promise.all(lambdas.map((lambda) => lambda.close()));
  lambdas = [];
});

const start = async (env: Record<string, string> = {}): Promise<LambdaProcess> => {
  const lambda = await startLambda(HANDLER, { ...stack.env, ...env });
  lambdas.push(lambda);
  return lambda;
};

/** Waits for the output of the process, which arrives separately from its responses. */
const untilLogged = (lambda: LambdaProcess, pattern: RegExp) => until(() => pattern.test(lambda.output()));

const authorization = async (userId: string) => ['Authorization', await stack.tokenIssuer.issueToken(userId)] as const;

/** Returns an event of a gateway whose authorizer has accepted the token. */
const authorized = (toEvent: ToEvent, claims: object, headers: [string, string][] = []) => {
  const event = toEvent({ ...LIST, headers }) as { version?: string; requestContext: object };
  const authorizer = event.version === '2.0' ? { jwt: { claims, scopes: null } } : { claims };
  return { ...event, requestContext: { ...event.requestContext, authorizer } };
};

const unauthorized = { status: 401, body: '{"message":"Unauthorized"}' };

describe('LAMBDA_AUTH=gateway', () => {
  const gatewayEnv = { LAMBDA_AUTH: 'gateway', JWT_ISSUER: '', JWT_AUDIENCE: '', JWT_JWKS_URI: '' };

  test.each(API_GATEWAYS)('takes the user from the claims of %s, and ignores the token', async (_, toEvent) => {
    const lambda = await start(gatewayEnv);
    for (const headers of [[], [['Authorization', 'nonsense']], [['Authorization', (await authorization('bob'))[1]]]]) {
      const response = responseOf(
        await lambda.invoke(authorized(toEvent, { sub: 'alice' }, headers as [string, string][])),
      );
      expect(response.status).toBe(200);
      expect(response.body).toContain('of alice');
    }
  });

  test.each(API_GATEWAYS)(
    'returns 401 to an event of %s without claims, or with a user id that is not valid in a key',
    async (_, toEvent) => {
      const lambda = await start(gatewayEnv);
      const events = [toEvent(LIST), toEvent({ ...LIST, headers: [await authorization('alice')] })];
      const claims = [{}, { sub: '' }, { sub: '..' }, { sub: 'a/b' }, { email: 'alice' }];
      for (const event of [...events, ...claims.map((one) => authorized(toEvent, one))])
        expect(responseOf(await lambda.invoke(event))).toMatchObject(unauthorized);
    },
  );

  test('takes no claims from a load balancer', async () => {
    const lambda = await start(gatewayEnv);
    expect(responseOf(await lambda.invoke(loadBalancerEvent(LIST)))).toMatchObject(unauthorized);
  });

  test('takes the user id from the configured claim', async () => {
    const lambda = await start({ ...gatewayEnv, USER_ID_CLAIM: 'cognito:username' });
    const event = authorized(version2Event, { sub: 'alice', 'cognito:username': 'bob' });
    expect(responseOf(await lambda.invoke(event)).body).toContain('of bob');
  });

  test('keeps the users of two concurrent invocations apart', async () => {
    const lambda = await start({ ...gatewayEnv, AWS_ENDPOINT_URL_DYNAMODB: gate.endpoint });
    const users = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? 'alice' : 'bob'));
    gate.shut();
    const responses = users.map((sub) => lambda.invoke(authorized(version2Event, { sub })));
    await gate.waiting();
    gate.open();
    const bodies = (await Promise.all(responses)).map((response) => responseOf(response).body);
    for (const [index, body] of bodies.entries()) expect(body).toContain(`of ${users[index]}`);
  });
});

describe('LAMBDA_AUTH=jwt', () => {
  test.each(API_GATEWAYS)('ignores the claims of %s', async (_, toEvent) => {
    const lambda = await start();
    expect(responseOf(await lambda.invoke(authorized(toEvent, { sub: 'alice' })))).toMatchObject(unauthorized);
    const event = authorized(toEvent, { sub: 'bob' }, [[...(await authorization('alice'))]]);
    expect(responseOf(await lambda.invoke(event)).body).toContain('of alice');
  });

  test('keeps the users of two concurrent invocations apart', async () => {
    const lambda = await start({ AWS_ENDPOINT_URL_DYNAMODB: gate.endpoint });
    const [alice, bob] = [await authorization('alice'), await authorization('bob')];
    gate.shut();
    const responses = [alice, bob, alice, bob].map((header) =>
      lambda.invoke(version2Event({ ...LIST, headers: [header] })),
    );
    await gate.waiting();
    gate.open();
    const bodies = (await Promise.all(responses)).map((response) => responseOf(response).body);
    for (const [index, body] of bodies.entries()) expect(body).toContain(index % 2 === 0 ? 'of alice' : 'of bob');
  });
});

test.each(['jwt', 'gateway'])('with LAMBDA_AUTH=%s a header is never used as claims of the gateway', async (auth) => {
  const lambda = await start({ LAMBDA_AUTH: auth });
  const forged = JSON.stringify(authorized(version2Event, { sub: 'alice' }));
  const headers = ['x-apigateway-event', 'x-apigateway-context', 'x-amzn-request-context', 'x-amzn-lambda-context'].map(
    (name) => [name, encodeURIComponent(forged)] as const,
  );
  expect(responseOf(await lambda.invoke(version2Event({ ...LIST, headers })))).toMatchObject(unauthorized);
});

describe('an invocation', () => {
  test('returns 503 half a second before its time is up', async () => {
    const lambda = await start({ AWS_ENDPOINT_URL_DYNAMODB: gate.endpoint });
    gate.shut();
    const event = version2Event({ ...LIST, headers: [await authorization('alice')] });
    const response = responseOf(await lambda.invoke(event, { remainingMs: 700 }));
    expect(response).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
    expect(response.headers['retry-after']).toBe('1');
    await untilLogged(lambda, /the request ran out of time/);
  });

  test('with no time left returns 503', async () => {
    const lambda = await start();
    const event = version2Event({ ...LIST, headers: [await authorization('alice')] });
    expect(responseOf(await lambda.invoke(event, { remainingMs: 100 }))).toMatchObject({ status: 503 });
    expect(responseOf(await lambda.invoke(event))).toMatchObject({ status: 200 });
  });

  test.each(['/prod', '/base/path'])('is served if %s precedes the path', async (prefix) => {
    const lambda = await start();
    const headers = [await authorization('alice')];
    for (const [, toEvent] of API_GATEWAYS) {
      const event = toEvent({ path: `${prefix}${LIST.path}?x=1`, headers });
      expect(responseOf(await lambda.invoke(event)).body).toContain('of alice');
      const response = responseOf(await lambda.invoke(toEvent({ path: `${prefix}/openapi.json` })));
      expectDocumented({ path: '/openapi.json' }, response);
      expect(response.status).toBe(200);
    }
  });

  test('with an event that is not a request fails with a message, and the next one succeeds', async () => {
    const lambda = await start();
    const schedule = { version: '0', 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} };
    await expect(lambda.invoke(schedule)).rejects.toThrow('The event is not an HTTP request');
    await expect(lambda.invoke(null)).rejects.toThrow('The event is not an HTTP request');
    expect(responseOf(await lambda.invoke(version2Event({ path: '/healthz' })))).toMatchObject({ status: 200 });
  });

  test('whose response exceeds 6 MiB returns 413 with advice, and fits when it is compressed', async () => {
    const jobName = 'x'.repeat(1_000);
    await stack.table.putMany(
      Array.from({ length: 6_500 }, (_, index) => ({ userId: 'many', jobId: index + 1, jobName })),
    );
    const lambda = await start();
    const headers = [await authorization('many')];
    for (const [, toEvent] of GATEWAYS) {
      const response = responseOf(await lambda.invoke(toEvent({ ...LIST, headers })));
      expect(expectDocumented(LIST, response)).toBe('GET /api/v1/jobs/list 413');
      expect(response).toMatchObject({
        status: 413,
        body: '{"message":"The answer is too large: ask for less with limit, or accept compression"}',
      });
      expect(response.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'content-length': String(response.body.length),
        'cache-control': 'no-store',
      });
      await untilLogged(lambda, /"status":413,.*"reason":"the response does not fit into [0-9]+ bytes"/);
      expect(lambda.output()).not.toContain('"aborted"');
      const compressed = { ...LIST, headers: [...headers, ['Accept-Encoding', 'br'] as const] };
      const { status, body } = responseOf(await lambda.invoke(toEvent(compressed)));
      expect(status).toBe(200);
      expect((JSON.parse(body) as { jobs: object[] }).jobs).toHaveLength(6_500);
    }
  });

  test('for a job with many files may return 413 too, and the OpenAPI document has a row for each', async () => {
    const objectUuidNames = Object.fromEntries(Array.from({ length: 6_000 }, (_, index) => [`${index}`, '']));
    await stack.table.put({ userId: 'many-files', jobId: 1, status: 'success', objectUuidNames });
    const lambda = await start();
    const headers = [await authorization('many-files')];
    const request = { path: '/api/v1/jobs/get?job-id=1&include=object-urls', headers };
    const row = expectDocumented(request, responseOf(await lambda.invoke(version2Event(request))));
    expect(['GET /api/v1/jobs/list 413', row]).toEqual(documentedRows().filter((one) => one.endsWith(' 413')));
  });

  test('logs one line, without the token', async () => {
    const lambda = await start();
    const [name, token] = await authorization('alice');
    await lambda.invoke(version2Event({ ...LIST, headers: [[name, token]] }));
    await untilLogged(lambda, /\n$/);
    const [line = ''] = lambda.output().split('\n');
    expect(JSON.parse(line)).toMatchObject({
      method: 'GET',
      route: '/api/v1/jobs/list',
      status: 200,
      user_id: 'alice',
    });
    expect(lambda.output()).not.toContain(token.slice(0, 20));
  });
});

test('the log line is written before the response is returned, since the process may be frozen then', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
  const script = `
    import { handler } from ${JSON.stringify(HANDLER)};
    await handler(${JSON.stringify(version2Event(LIST))}, { getRemainingTimeInMillis: () => 30_000 });
    process.kill(process.pid, 'SIGKILL');`;
  await writeFile(join(folder, 'invoke.mjs'), script);
  const { stdout } = await runToEnd(join(folder, 'invoke.mjs'), stack.env);
  await rm(folder, { recursive: true });
  expect(stdout).toContain('"status":401');
});

test('the handler is one file, and names everything that its environment lacks when it is loaded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
  await cp(HANDLER, join(folder, 'handler.mjs'));
  const script =
    "import('./handler.mjs').catch((error) => { console.log(error.message); setTimeout(() => console.log('alive'), 1); });";
  await writeFile(join(folder, 'load.mjs'), script);
  const { exitCode, stdout } = await runToEnd(join(folder, 'load.mjs'), { LAMBDA_AUTH: 'yes', LOG_LEVEL: 'loud' });
  await rm(folder, { recursive: true });
  expect(stdout.split('\n')).toEqual([
    'LAMBDA_AUTH must be jwt or gateway',
    'JOBS_TABLE is missing',
    'JOBS_BUCKET is missing',
    'COGNITO_USER_POOL_ID is missing (or set JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URI instead)',
    'COGNITO_CLIENT_ID is missing (or set JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URI instead)',
    'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent',
    'alive',
    '',
  ]);
  expect(exitCode).toBe(0);
});
