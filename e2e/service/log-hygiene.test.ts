import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { overSocket } from '@jobs-api/http-express/testing/contracts';
import { SERVICE } from '../harness/built.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const BASE = '/api/v1/jobs';

/** Part of every secret of the tests, and of nothing else. */
const CANARY = 'canary';

/** Texts that would forge or erase a line of the log if they were printed as they are. */
const FORGERY = `\r\n{"level":"info","msg":"request","status":200,"user_id":"forged"}\n\u001b[2K\u001b[1A\u009b2K`;

let stack: LocalStack;
let service: ServiceProcess;

afterEach(async () => {
  service.kill('SIGKILL');
  await service.exitCode;
});

const start = async (env: Record<string, string> = {}) => {
  stack = await startStack();
  service = await startService(SERVICE, { ...stack.env, LOG_LEVEL: 'trace', ...env });
  return overSocket(service.origin);
};

/** Returns the whole log when it has lines of that many requests. */
const said = async (requests: number): Promise<string> => {
  const lines = () => service.log.filter((line) => line.includes('"msg":"request"')).length;
  await until(() => lines() >= requests);
  service.kill('SIGTERM');
  await service.exitCode;
  expect(lines()).toBe(requests);
  expect(service.errors).toEqual([]);
  return service.log.join('\n');
};

const routes = [
  ['GET', '/list'],
  ['GET', '/get?job-id=1&include=object-urls'],
  ['GET', '/get-object-url?job-id=1&object-uuid=canary.png&download-as=canary.png'],
  ['DELETE', '/delete?job-id=1'],
] as const;

test('the log holds no token, signature, session token or file name, whether requests succeed or fail', async () => {
  const sendOverSocket = await start({
    // S3 refuses an unknown session token and quotes it in its response.
    AWS_SESSION_TOKEN: 'canary-session',
    AWS_ACCESS_KEY_ID: 'AKIACANARY',
    AWS_SECRET_ACCESS_KEY: 'canary-secret',
  });
  const claims = { email: 'canary@example.com', name: 'canary' };
  const good = await stack.tokenIssuer.issueToken('alice', claims);
  const bad = [
    `${good.slice(0, -40)}${CANARY.repeat(5)}`,
    await stack.tokenIssuer.issueToken('alice', { ...claims, exp: 1 }),
    await stack.tokenIssuer.issueToken('alice', { ...claims, iss: 'https://canary.example.com' }),
    await stack.tokenIssuer.issueToken(`../${CANARY}`, claims),
    CANARY,
    `Bearer ${CANARY}.${CANARY}.${CANARY}`,
    `Basic ${Buffer.from('canary:canary').toString('base64')}`,
  ];
  const names = { 'canary.png': 'canary holiday.png', '../canary': 'canary.txt' };
  const record = { userId: 'alice', jobName: 'canary job', email: 'canary@example.com', objectUuidNames: names };
  let sent = 0;
  const send = (method: string, target: string, authorization: string) => {
    sent++;
    const headers = [
      ['Authorization', authorization],
      ['Cookie', CANARY],
      ['User-Agent', CANARY],
    ] as const;
    return sendOverSocket({ method, path: BASE + target, headers });
  };
  const statuses = new Set<number>();

  await stack.table.put({ ...record, jobId: 1, status: 'success' });
  await stack.table.put({ ...record, jobId: 2, status: CANARY });
  await stack.table.putItem({
    userId: { S: 'alice' },
    jobId: { N: '3' },
    jobName: { S: CANARY },
    objectUuidNames: { M: { [CANARY]: { N: '1' } } },
    contentLength: { S: CANARY },
  });
  for (const authorization of [good, `Bearer ${good}`, ...bad])
    for (const [method, target] of routes) statuses.add((await send(method, target, authorization)).status);
  for (const target of ['/get?job-id=canary', '/get?job-id=3', '/list?cursor=canary', `/canary?token=${good}`])
    statuses.add((await send('GET', target, good)).status);
  const link = JSON.parse((await send('GET', '/get-object-url?job-id=1&object-uuid=a', good)).body) as { url: string };
  expect(link.url).toMatch(/X-Amz-Security-Token=canary-session.*X-Amz-Signature=/);
  await stack.close();
  for (const [method, target] of routes) statuses.add((await send(method, target, good)).status);

  expect([...statuses].sort()).toEqual([200, 400, 401, 404, 500, 503]);
  const log = await said(sent);
  expect(log.toLowerCase()).not.toContain(CANARY);
  for (const token of [good, ...bad]) for (const part of token.split('.')) expect(log).not.toContain(part);
  expect(log).not.toMatch(/X-Amz-|Bearer |eyJ/);
});

test('no text of a request or a record can forge a line of the log or change how one looks', async () => {
  const sendOverSocket = await start();
  const authorization = ['Authorization', await stack.tokenIssuer.issueToken('alice')] as const;
  const record = { userId: 'alice', jobName: FORGERY, date: FORGERY, email: FORGERY, status: FORGERY };
  const objectUuidNames = { [FORGERY]: FORGERY };
  await stack.table.put({ ...record, jobId: 1, objectUuidNames });
  await stack.table.putItem({
    userId: { S: 'alice' },
    jobId: { N: '2' },
    contentLength: { S: FORGERY },
    status: { M: { [FORGERY]: { S: FORGERY } } },
  });
  const hidden = encodeURIComponent(FORGERY);
  let sent = 0;
  const send = (path: string, headers: readonly (readonly [string, string])[] = [authorization]) => {
    sent++;
    return sendOverSocket({ path, headers });
  };
  for (const target of ['/list', '/get?job-id=1', '/get?job-id=2', `/get?job-id=${hidden}`, `/${hidden}`])
    await send(BASE + target);
  for (const parameter of ['object-uuid', 'download-as'])
    await send(`${BASE}/get-object-url?job-id=1&object-uuid=a&${parameter}=${hidden}`);
  for (const parameter of ['cursor', 'status', 'order', 'limit', 'include'])
    await send(`${BASE}/list?${parameter}=${hidden}`);
  await send(`/${hidden}`);
  await send(`${BASE}/list`, [['Authorization', await stack.tokenIssuer.issueToken(FORGERY)]]);
  await send(`${BASE}/list`, [['Authorization', await stack.tokenIssuer.issueToken('quoted","status":999,"x":"')]]);

  // Bytes that no client library would send: a header can contain escapes as they are, but line ends only start another header.
  const escapes = '\u001b[2K\u009b2K","status":999,"x":"';
  const raw = connect(Number(new URL(service.origin).port), '127.0.0.1');
  const fields = ['X-Request-Id', 'User-Agent', 'Authorization', 'X-Forwarded-For', 'Origin', 'Referer'];
  const head = fields.map((name) => `${name}: ${escapes}\r\n`).join('');
  raw.end(Buffer.from(`GET ${BASE}/list HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${head}\r\n`, 'latin1'));
  await text(raw);
  sent++;
  // Neither an id of 129 characters nor one with a quote is accepted.
  for (const id of ['x'.repeat(129), '","status":999,"x":"', '{"a":1}'])
    expect((await send(`${BASE}/list`, [authorization, ['X-Request-Id', id]])).headers['x-request-id']).not.toBe(id);

  const log = await said(sent);
  // eslint-disable-next-line no-control-regex -- the test searches for them
  expect(log).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  for (const line of log.split('\n')) {
    const entry = JSON.parse(line) as Record<string, unknown>;
    expect(entry.user_id).not.toBe('forged');
    expect(entry.status).not.toBe(999);
    expect(Object.keys(entry).slice(0, 2)).toEqual(['level', 'time']);
  }
  await stack.close();
});
