import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { HttpResponse } from '@jobs-api/http-express/testing/contracts';
import type { LocalStack } from '@jobs-api/local';
import { startEntryPoints, type Send, type EntryPoints } from '../harness/entry-points.ts';
import {
  cubic,
  forgedTokens,
  forger,
  inOneObject,
  ours,
  show,
  tokenOfSize,
  type Presented,
  type Forgery,
} from '../harness/forged-tokens.ts';
import { startProxy, type LoopbackProxy } from '../harness/proxy.ts';
import { startStub, serveKeys, type StubServer } from '../harness/stub-server.ts';
import { encodedBlock, signBlock } from '../harness/pkcs1-forgeries.ts';
import { startStack } from '../harness/stack.ts';
import { AUDIENCE, claims, encode, encodeJson, header, issue, ISSUER, seal, unsigned } from '../harness/tokens.ts';

const LIST = { method: 'GET', path: '/api/v1/jobs/list' };
/** The request with the most calls to the table and the bucket. */
const DELETE = { method: 'DELETE', path: '/api/v1/jobs/delete?job-id=1' };

/** Serves the forger's keys to a verifier that follows URLs in tokens. */
const canary = await startStub(serveKeys(forger.jwk));

let stack: LocalStack;
let table: LoopbackProxy;
let bucket: LoopbackProxy;
let keyServer: StubServer;
let entryPoints: EntryPoints;
let all: readonly Send[];
/** The response to a missing token. */
let refusal: HttpResponse;

beforeAll(async () => {
  stack = await startStack();
  const { AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_S3 } = stack.env;
  [table, bucket, keyServer] = await Promise.all([
    startProxy(AWS_ENDPOINT_URL_DYNAMODB),
    startProxy(AWS_ENDPOINT_URL_S3),
    startStub(serveKeys(ours.jwk, cubic.jwk)),
  ]);
  for (const userId of ['alice', 'bob']) await stack.table.put({ userId, jobId: 1, jobName: `of ${userId}` });
  entryPoints = await start({
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE,
    JWT_JWKS_URI: `${keyServer.origin}/jwks.json`,
  });
  all = [entryPoints.service, ...entryPoints.gateways];
  refusal = withoutWhatVaries(await entryPoints.service(DELETE));
});

afterAll(async () => {
  await entryPoints.close();
  await Promise.all([table, bucket, keyServer, canary].map((server) => server.close()));
  await stack.close();
});

/** Starts both entry points. When they are ready, nothing but requests makes calls to the table and the bucket. */
const start = async (tokens: Record<string, string>, preload?: string): Promise<EntryPoints> => {
  const counted = { AWS_ENDPOINT_URL_DYNAMODB: table.endpoint, AWS_ENDPOINT_URL_S3: bucket.endpoint };
  const started = await startEntryPoints({ ...stack.env, ...counted, ...tokens }, preload);
  for (const send of [started.service, started.gateways[0]])
    expect(await send({ path: '/readyz' })).toMatchObject({ status: 200 });
  return started;
};

const calls = () => ({ table: table.requests.length, bucket: bucket.requests.length });

const withoutWhatVaries = ({ headers, ...response }: HttpResponse): HttpResponse => {
  const varying = ['date', 'x-request-id', 'connection'];
  const kept = Object.entries(headers).filter(([name]) => !varying.includes(name));
  return { ...response, headers: Object.fromEntries(kept) };
};

/** Every token that was sent: none of them may be in the log. */
const sentSoFar: string[] = [];

const responses = async (presented: Presented, { method, path }: typeof LIST, sends = all): Promise<HttpResponse[]> => {
  const { headers = [], query } =
    typeof presented === 'string' ? { headers: [['Authorization', presented] as const] } : presented;
  sentSoFar.push(...headers.map(([, value]) => value), query ?? '');
  const request = { method, path: query === undefined ? path : `${path}&${query}`, headers };
  return Promise.all(sends.map(async (send) => withoutWhatVaries(await send(request))));
};

/** Expects the response to a missing token, and no call to the table or the bucket. */
const expectRefusal = async (presented: Presented, sends = all) => {
  const before = calls();
  expect(await responses(presented, DELETE, sends)).toEqual(sends.map(() => refusal));
  expect(calls()).toEqual(before);
};

const expectAcceptance = async (presented: Presented, userId = 'alice', sends = all) => {
  const taken = { status: 200, body: expect.stringContaining(`"of ${userId}"`) };
  expect(await responses(presented, LIST, sends)).toMatchObject(sends.map(() => taken));
};

const good = issue(ours);

test('a request without a token gets 401 and a challenge at every entry point, with no reason', async () => {
  expect(refusal).toMatchObject({
    status: 401,
    headers: { 'www-authenticate': 'Bearer', 'content-type': 'application/json; charset=utf-8' },
    body: '{"message":"Unauthorized"}',
  });
  await expectRefusal({});
});

// These run first, so that good tokens are cached when the forged ones arrive.
describe('a good token', () => {
  const besideCookie: Presented = {
    headers: [
      ['authorization', good],
      ['Cookie', `token=${issue(forger)}`],
    ],
  };

  test.each<Forgery>([
    ['as it is', good],
    ['with a scheme in small letters, and spaces', `bearer   ${good}`],
    ['beside a forged one in a cookie', besideCookie],
    ['with ours among its audiences', issue(ours, { aud: ['other', AUDIENCE] })],
    ['at 15 KB', tokenOfSize(15, ours)],
    ['by a key with the exponent 3', issue(cubic)],
    ['with the address of other keys', issue(ours, {}, { jku: canary.origin, x5u: canary.origin })],
    ['with other keys', issue(ours, {}, { jwk: forger.jwk, x5c: ['AAAA'] })],
  ])('is accepted %s', (_, presented) => expectAcceptance(presented));

  test('makes calls to the table and to the bucket, which are counted', async () => {
    const before = calls();
    for (const { status } of await responses(issue(ours, { sub: 'carol' }), DELETE)) expect(status).toBe(200);
    expect(table.requests.length).toBeGreaterThan(before.table);
    expect(bucket.requests.length).toBeGreaterThan(before.bucket);
  });

  test('is accepted until 30 s after its exp and from 30 s before its nbf on, also if it is cached', async () => {
    const soon = Math.floor(Date.now() / 1000) + 600;
    const [begins, ends] = [issue(ours, { nbf: soon }), issue(ours, { exp: soon })];
    entryPoints.passTime(500);
    await expectRefusal(begins);
    await expectAcceptance(ends);
    entryPoints.passTime(80);
    await expectAcceptance(begins);
    entryPoints.passTime(25);
    await expectAcceptance(ends);
    entryPoints.passTime(26);
    await expectRefusal(ends);
  });

  test('with two subs belongs to the last one, at every entry point', () =>
    expectAcceptance(
      seal(`${encodeJson(header)}.${encode(inOneObject(claims, { sub: 'bob' }))}`, ours.privateKey),
      'bob',
    ));

  test('with the block that RFC 8017 allows is accepted, so the forged ones are rejected for their faults', () =>
    expectAcceptance(`${unsigned()}.${encode(signBlock(encodedBlock(unsigned()), ours))}`));
});

describe.each(Object.entries(forgedTokens(canary.origin)))('a token %s', (_, rows) => {
  test.each(rows)('is rejected: %s', (_name, presented) => expectRefusal(presented));
});

test.each(['\n', '\r\n', '\0', '\u2028', '\u00a0', '\ufeff', 'ſ'])(
  'a good token with %j around it or inside is rejected, also in events, which carry more characters than HTTP',
  async (character) => {
    const inside = good.slice(0, 40) + character + good.slice(40);
    for (const token of [character + good, good + character, inside, `Bearer ${character}${good}`])
      await expectRefusal(token, entryPoints.gateways);
  },
);

test('headers over 16 KiB are rejected by the service at once; the handler rejects the token in them', async () => {
  const before = calls();
  const tooLarge = { status: 431, body: '{"message":"Request Header Fields Too Large"}' };
  for (const signer of [ours, forger])
    expect(await responses(tokenOfSize(17, signer), DELETE, [entryPoints.service])).toMatchObject([tooLarge]);
  await expectRefusal(tokenOfSize(17, forger), entryPoints.gateways);
  expect(calls()).toEqual(before);
});

/**
 * The address of a user pool's keys cannot be configured. A module that is loaded first redirects each process from
 * there to a server of the test, as a proxy would.
 */
describe.each(['id', 'access'] as const)('with TOKEN_USE=%s, a token of a Cognito user pool', (use) => {
  const HOST = 'https://cognito-idp.eu-west-1.amazonaws.com';
  const POOL = 'eu-west-1_AbCdEfGhI';
  const other = use === 'id' ? 'access' : 'id';
  const pool = { iss: `${HOST}/${POOL}` };
  const client = { id: 'aud', access: 'client_id' }[use];
  const otherClient = { id: 'aud', access: 'client_id' }[other];

  const token = (changes: object = {}, signer = ours) =>
    issue(signer, { ...pool, aud: undefined, token_use: use, [client]: 'app', ...changes });

  let poolEntryPoints: EntryPoints;
  let poolSends: readonly Send[];

  beforeAll(async () => {
    poolEntryPoints = await start(
      {
        ...{ JWT_ISSUER: '', JWT_AUDIENCE: '', JWT_JWKS_URI: '' },
        ...{ COGNITO_USER_POOL_ID: POOL, COGNITO_CLIENT_ID: 'app,app-2', TOKEN_USE: use },
      },
      `import http from 'node:http';
       import https from 'node:https';
       import { syncBuiltinESMExports } from 'node:module';
       https.get = (uri, options, ...rest) =>
         http.get(String(uri).replace('${HOST}', '${keyServer.origin}'), { ...options, agent: undefined }, ...rest);
       syncBuiltinESMExports();`,
    );
    poolSends = [poolEntryPoints.service, ...poolEntryPoints.gateways];
  });

  afterAll(() => poolEntryPoints.close());

  test.each<Forgery>([
    ['for our client', token()],
    ['for another client of ours', token({ [client]: 'app-2' })],
  ])('is accepted %s', (_, presented) => expectAcceptance(presented, 'alice', poolSends));

  test.each<Forgery>([
    [`for the use ${other}`, token({ token_use: other, [otherClient]: 'app', [client]: undefined })],
    [`for the use ${other}, and for our client in both ways`, token({ token_use: other, [otherClient]: 'app' })],
    ...[undefined, null, '', 'any', use.toUpperCase(), [use]].map((value): Forgery => [
      `for the use ${show(value)}`,
      token({ token_use: value }),
    ]),
    ...[undefined, null, '', 'alice', 'App', 'app,app-2', ['app'], ['other', 'app'], {}, 5].map((value): Forgery => [
      `for the client ${show(value)}`,
      token({ [client]: value }),
    ]),
    [`for our client in ${otherClient} only`, token({ [client]: undefined, [otherClient]: 'app' })],
    [`for our client in ${otherClient}, and another`, token({ [client]: 'other', [otherClient]: 'app' })],
    ['of another pool', token({ iss: `${HOST}/eu-west-1_ZzZzZzZzZ` })],
    ['of another region', token({ iss: pool.iss.replaceAll('west', 'east') })],
    ['of the pool with a slash', token({ iss: `${pool.iss}/` })],
    ['of no issuer', token({ iss: undefined })],
    ['of an issuer that could be configured', good],
    ['that does not expire', token({ exp: undefined })],
    ['of a user that is a path', token({ sub: 'u/1' })],
    ['by the forger', token({}, forger)],
  ])('is rejected %s', (_, presented) => expectRefusal(presented, poolSends));
});

test('no URL in a token has been followed', async () => {
  expect(canary.requests).toEqual([]);
  expect(new Set(keyServer.requests)).toEqual(new Set(['/jwks.json', '/eu-west-1_AbCdEfGhI/.well-known/jwks.json']));
  await fetch(`${canary.origin}/seen`);
  expect(canary.requests).toEqual(['/seen']);
});

test('the log has a reason for every refusal, and nothing of a token', async () => {
  for (const send of all) await send({ path: '/healthz', headers: [['X-Request-Id', 'the-last']] });
  while (entryPoints.output().split('"the-last"').length <= all.length) await sleep(5);
  const output = entryPoints.output();
  const lines = output.split('\n').filter(Boolean);
  const requests = lines.map((line) => JSON.parse(line) as { status?: number; user_id?: string; reason?: string });
  const refusals = requests.filter(({ status }) => status === 401);
  expect(requests.some(({ user_id }) => user_id === 'alice')).toBe(true);
  expect(refusals.length).toBeGreaterThan(100);
  expect(refusals.filter(({ reason, user_id }) => !reason || user_id !== undefined)).toEqual([]);

  const pieces = new Set(sentSoFar.flatMap((text) => text.match(/[\w+/-]{16,}/g) ?? []));
  const claimed = ['X-Injected', 'dev/null', 'UNION', 'kkkk', 'u/1', 'forger', 'u001b', new URL(canary.origin).host];
  expect([...pieces, ...claimed].filter((text) => output.includes(text))).toEqual([]);
});
