import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { BASE, startHarness, type ClientsHarness } from './harness.ts';

let harness: ClientsHarness;

afterEach(() => harness.close());

/** A token whose header names another key. */
const withKeyId = (token: string, kid: string): string => {
  const [, payload, signature] = token.split('.');
  return [Buffer.from(JSON.stringify({ alg: 'RS256', kid })).toString('base64url'), payload, signature].join('.');
};

test('callers with unknown keys take no places from callers with good tokens while a fetch of keys hangs', async () => {
  harness = await startHarness({ MAX_IN_FLIGHT: '100' });
  const good = await harness.token('bob');
  const send = (authorization: string) =>
    harness.send({ path: `${BASE}/list`, headers: [['Authorization', authorization]] });
  expect(await send(good)).toMatchObject({ status: 200 });
  harness.proxy.play(({ to }, forward) => (to === 'token keys' ? 'hang' : forward()));
  const unknown = Array.from({ length: 110 }, (_, index) => send(withKeyId(good, `unknown-${index}`)));
  await sleep(300);
  const statuses = await Promise.all(Array.from({ length: 90 }, async () => (await send(good)).status));
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(new Set((await Promise.all(unknown)).map(({ status }) => status))).toEqual(new Set([401]));
});

test('a dependency that quotes secrets, or sends 1 MB made to be slow to redact, leaves no secret in the log', async () => {
  const secrets = { AWS_SECRET_ACCESS_KEY: 'local-secret', AWS_SESSION_TOKEN: 'canary/session+token==' };
  harness = await startHarness({ ...secrets, LOG_LEVEL: 'trace' });
  const good = await harness.token('alice');
  const headers = [['Authorization', good]] as const;
  expect(await harness.send({ path: `${BASE}/list`, headers })).toMatchObject({ status: 200 }); // has fetched the keys
  const quoted = [
    'The Canonical String for this request should have been',
    `'POST\n/\n\nhost:x\nx-amz-security-token:${secrets.AWS_SESSION_TOKEN}\n\nhost'`,
    `Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101, Signature=${'ab12'.repeat(16)}`,
    encodeURIComponent(secrets.AWS_SESSION_TOKEN),
    secrets.AWS_SECRET_ACCESS_KEY,
    good,
    `https://user:canary-password@example.com/keys`,
  ].join(' ');
  harness.proxy.play(({ to, name }, forward) => {
    if (to === 'token keys') return { status: 200, headers: {}, body: Buffer.from('-eyJ'.repeat(262_000)) };
    if (name !== 'GetItem') return forward();
    const message = `${quoted} ${'-eyJ'.repeat(25_000)}`;
    const body = Buffer.from(JSON.stringify({ __type: 'x#InvalidSignatureException', message }));
    const date = new Date().toUTCString();
    return { status: 400, headers: { 'content-type': 'application/x-amz-json-1.0', date }, body };
  });
  for (let time = 0; time < 3; time++) {
    expect(await harness.send({ path: `${BASE}/get?job-id=1`, headers })).toMatchObject({ status: 500 });
    const unknown = [['Authorization', withKeyId(good, `unknown-${time}`)]] as const;
    expect(await harness.send({ path: `${BASE}/list`, headers: unknown })).toMatchObject({ status: 401 });
    expect(await harness.send({ path: '/healthz' })).toMatchObject({ status: 200 });
  }
  const log = harness.service.log.join('\n');
  expect(log).toContain('InvalidSignatureException');
  expect(log).not.toMatch(/canary|local-secret|AKIAIOSFODNN7EXAMPLE|(ab12){4}/);
  for (const part of good.split('.')) expect(log).not.toContain(part);
  for (const line of harness.service.log) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(16_384);
});
