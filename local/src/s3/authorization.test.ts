import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { LocalS3 } from './server.ts';
import {
  Bucket,
  createClient,
  credentials,
  send,
  sign,
  startWithBucket,
  toRequest,
  type RawRequest,
} from './testing.ts';

let s3: LocalS3;
let client: S3Client;
let offset = 0;
const Key = "results/ü (1)'s.json";

beforeAll(async () => {
  ({ s3, client } = await startWithBucket({ clock: () => new Date(Date.now() + offset) }));
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'hello' }));
});
afterAll(() => s3.close());

const presign = (signer = client, options = {}) =>
  getSignedUrl(signer, new GetObjectCommand({ Bucket, Key }), { expiresIn: 60, ...options });

const withOffset = async <T>(milliseconds: number, action: () => Promise<T>): Promise<T> => {
  offset = milliseconds;
  try {
    return await action();
  } finally {
    offset = 0;
  }
};

test('a presigned link is served without other credentials', async () => {
  const response = await fetch(await presign());
  expect([response.status, await response.text()]).toEqual([200, 'hello']);
});

test('a link with one character changed, anywhere, is refused', async () => {
  const request = toRequest(await presign());
  const { target } = request;
  const accepted: string[] = [];
  const codes = new Set<string | undefined>();
  for (let i = 1; i < target.length; i++) {
    const original = target.charAt(i);
    const flipped = original === original.toLowerCase() ? original.toUpperCase() : original.toLowerCase();
    for (const other of new Set([original === 'b' ? 'a' : 'b', original === '7' ? '8' : '7', flipped])) {
      if (other === original) continue;
      const changed = target.slice(0, i) + other + target.slice(i + 1);
      const { status, code } = await send(s3.endpoint, { ...request, target: changed });
      codes.add(`${status} ${code}`);
      if (status !== 403 && status !== 400) accepted.push(changed);
    }
  }
  expect(accepted).toEqual([]);
  expect([...codes].sort()).toEqual([
    '400 AuthorizationQueryParametersError',
    '400 InvalidURI',
    '403 AccessDenied',
    '403 InvalidAccessKeyId',
    '403 SignatureDoesNotMatch',
  ]);
});

test('a link is refused for any other request than the one it was signed for', async () => {
  const request = toRequest(await presign());
  const changes: Partial<RawRequest>[] = [
    { method: 'DELETE' },
    { method: 'PUT' },
    { method: 'HEAD' },
    { headers: { host: 'localhost:1' } },
    { target: request.target.replace('results', 'results2') },
    { target: `${request.target}&versionId=null` },
    { target: request.target.replace('X-Amz-Expires=60', 'X-Amz-Expires=61') },
  ];
  for (const change of changes) {
    const { status, headers } = await send(s3.endpoint, { ...request, ...change });
    expect([change, status]).toEqual([change, 403]);
    expect(headers['x-amz-request-id']).toMatch(/^[0-9A-F]{16}$/);
  }
  const { code, text } = await send(s3.endpoint, { ...request, method: 'DELETE' });
  expect(code).toBe('SignatureDoesNotMatch');
  expect(text).toContain('<CanonicalRequest>DELETE\n');
});

test('a link is served until it expires, and not from a clock that is far ahead', async () => {
  const request = toRequest(await presign());
  const sendAt = (milliseconds: number) => withOffset(milliseconds, () => send(s3.endpoint, request));
  expect((await sendAt(58_000)).status).toBe(200);
  expect(await sendAt(62_000)).toMatchObject({ status: 403, code: 'AccessDenied' });
  expect((await sendAt(62_000)).text).toContain('<Message>Request has expired</Message>');
  expect((await sendAt(-14 * 60_000)).status).toBe(200);
  expect((await sendAt(-16 * 60_000)).text).toContain('<Message>Request is not valid yet</Message>');
});

test.each([
  ['another secret', { credentials: { ...credentials, secretAccessKey: 'x' } }, 403, 'SignatureDoesNotMatch'],
  ['another key id', { credentials: { ...credentials, accessKeyId: 'AKIDOTHER' } }, 403, 'InvalidAccessKeyId'],
  ['another region', { region: 'eu-west-1' }, 400, 'AuthorizationQueryParametersError'],
  ['an unknown token', { credentials: { ...credentials, sessionToken: 'x' } }, 400, 'InvalidToken'],
])('a link that was signed with %s is refused', async (_, config, status, code) => {
  const link = await presign(createClient(s3.endpoint, config));
  expect(await send(s3.endpoint, toRequest(link))).toMatchObject({ status, code });
});

test.each([
  ['is too long', /X-Amz-Expires=\d+/, 'X-Amz-Expires=604801', /must be less than a week/],
  ['is not a number', /X-Amz-Expires=\d+/, 'X-Amz-Expires=1h', /should be a number/],
  ['is empty', /X-Amz-Expires=\d+/, 'X-Amz-Expires=', /should be a number/],
  ['is negative', /X-Amz-Expires=\d+/, 'X-Amz-Expires=-1', /must be non-negative/],
  ['is missing', /X-Amz-Expires=\d+&/, '', /requires X-Amz-Expires/],
])('a link whose lifetime %s is malformed', async (_, pattern, replacement, message) => {
  const request = toRequest(await presign());
  const response = await send(s3.endpoint, { ...request, target: request.target.replace(pattern, replacement) });
  expect(response).toMatchObject({ status: 400, code: 'AuthorizationQueryParametersError' });
  expect(response.text).toMatch(message);
});

test.each([
  ['another service', '%2Fs3%2F', '%2Fsts%2F', 400],
  ['another terminator', 'aws4_request', 'aws5_request', 400],
  ['another algorithm', 'AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA512', 400],
  ['a day that is not its date', '%2Fus-east-1', '0%2Fus-east-1', 400],
  ['a date in another format', /X-Amz-Date=(\d{8})T/, 'X-Amz-Date=$1-', 400],
  ['no signed host', 'X-Amz-SignedHeaders=host', 'X-Amz-SignedHeaders=range', 403],
])('a link with %s is refused', async (_, pattern, replacement, status) => {
  const request = toRequest(await presign());
  const target = request.target.replace(pattern, replacement);
  expect(target).not.toBe(request.target);
  expect((await send(s3.endpoint, { ...request, target })).status).toBe(status);
});

test('a holder of a link cannot add a header of S3 to it', async () => {
  const request = toRequest(await presign());
  const headers = { ...request.headers, 'x-amz-checksum-mode': 'ENABLED' };
  const response = await send(s3.endpoint, { ...request, headers });
  expect(response).toMatchObject({ status: 403, code: 'AccessDenied' });
  expect(response.text).toContain('<HeadersNotSigned>x-amz-checksum-mode</HeadersNotSigned>');
});

test('a request without a signature is refused', async () => {
  for (const target of [`/${Bucket}`, `/${Bucket}/${encodeURIComponent(Key)}`, '/']) {
    const request = { method: 'GET', target, headers: {} };
    expect(await send(s3.endpoint, request)).toMatchObject({ status: 403, code: 'AccessDenied' });
  }
});

const list = () => new ListObjectsV2Command({ Bucket, Prefix: 'results/' });

test('a request that is signed in its headers cannot be changed', async () => {
  const request = await sign(client, list());
  expect((await send(s3.endpoint, request)).status).toBe(200);

  const authorization = request.headers.authorization ?? '';
  const changes: [Partial<RawRequest>, number, string][] = [
    [{ method: 'PUT' }, 403, 'SignatureDoesNotMatch'],
    [{ target: request.target.replace('results', 'result') }, 403, 'SignatureDoesNotMatch'],
    [{ target: request.target.replace(Bucket, `${Bucket}2`) }, 403, 'SignatureDoesNotMatch'],
    [{ headers: { ...request.headers, host: 'localhost:1' } }, 403, 'SignatureDoesNotMatch'],
    [{ headers: { ...request.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }, 403, 'SignatureDoesNotMatch'],
    [{ headers: { ...request.headers, 'x-amz-acl': 'public-read' } }, 403, 'AccessDenied'],
    [
      { headers: { ...request.headers, authorization: authorization.replace('us-east-1', 'us-west-1') } },
      400,
      'AuthorizationHeaderMalformed',
    ],
    [
      { headers: { ...request.headers, authorization: authorization.replace('/s3/', '/ec2/') } },
      400,
      'AuthorizationHeaderMalformed',
    ],
    [
      { headers: { ...request.headers, authorization: authorization.replace('AKID', 'BKID') } },
      403,
      'InvalidAccessKeyId',
    ],
    [
      { headers: { ...request.headers, authorization: authorization.replace(/, Signature=.*/, '') } },
      400,
      'AuthorizationHeaderMalformed',
    ],
    [{ headers: { ...request.headers, authorization: 'AWS AKID:signature' } }, 400, 'InvalidRequest'],
    [{ headers: { ...request.headers, authorization: 'AWS4-HMAC-SHA256' } }, 400, 'AuthorizationHeaderMalformed'],
  ];
  for (const [change, status, code] of changes) {
    const response = await send(s3.endpoint, { ...request, ...change });
    expect([change, response.status, response.code]).toEqual([change, status, code]);
  }
});

test('a signature cannot be given twice', async () => {
  const { target } = toRequest(await presign());
  const { headers } = await sign(client, list());
  expect(await send(s3.endpoint, { method: 'GET', target, headers })).toMatchObject({
    status: 400,
    code: 'InvalidArgument',
  });
  const twice = toRequest(`${await presign()}&X-Amz-Signature=${'0'.repeat(64)}`);
  expect(await send(s3.endpoint, twice)).toMatchObject({ status: 400, code: 'InvalidArgument' });
});

test('a signed request is refused by a clock that is more than 15 minutes off, either way', async () => {
  const request = await sign(client, list());
  const sendAt = (minutes: number) => withOffset(minutes * 60_000, () => send(s3.endpoint, request));
  for (const minutes of [-16, 16]) {
    expect(await sendAt(minutes)).toMatchObject({ status: 403, code: 'RequestTimeTooSkewed' });
  }
  for (const minutes of [-14, 14]) expect((await sendAt(minutes)).status).toBe(200);
});

test('every response has the time of the server, so that the SDK can correct its clock', async () => {
  const hour = 3_600_000;
  const patient = createClient(s3.endpoint, { maxAttempts: 3 });
  const [result, response] = await withOffset(hour, async () => [
    await patient.send(list()),
    await send(s3.endpoint, await sign(patient, list())),
  ]);
  expect(result.KeyCount).toBe(1);
  expect(response.status).toBe(200);
  expect(new Date(response.headers.date ?? '').getTime()).toBeGreaterThan(Date.now() + hour / 2);
});

test('credentials with a session token are rejected without it', async () => {
  const temporary = { ...credentials, sessionToken: 'a token/with+signs=' };
  const { s3: strict, client: holder } = await startWithBucket({ credentials: temporary });
  try {
    expect((await holder.send(list())).KeyCount).toBe(0);
    const link = await presign(holder);
    expect(await send(strict.endpoint, toRequest(link))).toMatchObject({ status: 404, code: 'NoSuchKey' });

    const without = createClient(strict.endpoint);
    await expect(without.send(list())).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
    const other = createClient(strict.endpoint, { credentials: { ...credentials, sessionToken: 'another' } });
    await expect(other.send(list())).rejects.toMatchObject({ name: 'InvalidToken' });
  } finally {
    await strict.close();
  }
});
