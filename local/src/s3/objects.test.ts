import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { LocalS3 } from './server.ts';
import { Bucket, send, sign, startWithBucket, toRequest } from './testing.ts';

let s3: LocalS3;
let client: S3Client;

beforeAll(async () => {
  ({ s3, client } = await startWithBucket());
  await client.send(new PutObjectCommand({ Bucket, Key: 'digits', Body: '0123456789' }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: Buffer.alloc(0) }));
});
afterAll(() => s3.close());

const get = (Key: string, options = {}) => client.send(new GetObjectCommand({ Bucket, Key, ...options }));

test.each([
  ['bytes=0-0', '0', 'bytes 0-0/10'],
  ['bytes=2-5', '2345', 'bytes 2-5/10'],
  ['bytes=7-', '789', 'bytes 7-9/10'],
  ['bytes=8-100', '89', 'bytes 8-9/10'],
  ['bytes=-3', '789', 'bytes 7-9/10'],
  ['bytes=-100', '0123456789', 'bytes 0-9/10'],
])('the range %s returns %s', async (Range, text, ContentRange) => {
  const got = await get('digits', { Range });
  expect(got).toMatchObject({ ContentRange, ContentLength: text.length, $metadata: { httpStatusCode: 206 } });
  expect(await got.Body?.transformToString()).toBe(text);
});

test.each(['bytes=5-2', 'bytes=0-1,4-5', 'bytes=-', 'bytes=a-b', 'lines=1-2'])(
  'the range %s, which is not a single range, returns the whole object',
  async (Range) => {
    const got = await get('digits', { Range });
    expect(got.$metadata.httpStatusCode).toBe(200);
    expect(await got.Body?.transformToString()).toBe('0123456789');
  },
);

test.each([
  ['digits', 'bytes=10-'],
  ['digits', 'bytes=10-20'],
  ['digits', 'bytes=-0'],
  ['empty', 'bytes=0-'],
])('the object %s refuses the range %s', async (Key, Range) => {
  await expect(get(Key, { Range })).rejects.toMatchObject({ name: 'InvalidRange', $metadata: { httpStatusCode: 416 } });
});

test('a link may set headers of its response, and may be read in ranges', async () => {
  const command = new GetObjectCommand({
    Bucket,
    Key: 'digits',
    ResponseContentDisposition: `attachment; filename*=UTF-8''%C3%BC%20%28.png`,
    ResponseContentType: 'image/png',
    ResponseCacheControl: 'private',
  });
  const link = await getSignedUrl(client, command, { expiresIn: 60 });
  const response = await fetch(link, { headers: { range: 'bytes=3-4' } });
  expect([response.status, await response.text()]).toEqual([206, '34']);
  expect(response.headers.get('content-disposition')).toBe(`attachment; filename*=UTF-8''%C3%BC%20%28.png`);
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(response.headers.get('cache-control')).toBe('private');
});

test('a link cannot set a header to a value that HTTP forbids', async () => {
  for (const name of ['a\r\nset-cookie: b', '日本']) {
    const command = new GetObjectCommand({ Bucket, Key: 'digits', ResponseContentDisposition: name });
    const link = await getSignedUrl(client, command);
    expect(await send(s3.endpoint, toRequest(link))).toMatchObject({ status: 400, code: 'InvalidArgument' });
  }
});

test('HEAD returns the headers of GET, without the body', async () => {
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'digits' }));
  const { ContentLength, ETag, LastModified } = await get('digits');
  expect(head).toMatchObject({ ContentLength, ETag, LastModified });
  const request = await sign(client, new HeadObjectCommand({ Bucket, Key: 'nothing' }));
  expect(await send(s3.endpoint, request)).toMatchObject({ status: 404, text: '' });
});

test('a request for a missing bucket, key or version is an error that names it', async () => {
  await expect(get('nothing')).rejects.toMatchObject({ name: 'NoSuchKey', Key: 'nothing' });
  await expect(get('digits', { VersionId: 'x'.repeat(32) })).rejects.toMatchObject({ name: 'NoSuchVersion' });
  await expect(get('digits', { VersionId: 'x' })).rejects.toMatchObject({ name: 'InvalidArgument' });
  const elsewhere = { Bucket: 'elsewhere', Key: 'a' };
  const sendAny = (command: unknown) => client.send(command as GetObjectCommand);
  for (const command of [
    new GetObjectCommand(elsewhere),
    new PutObjectCommand({ ...elsewhere, Body: 'a' }),
    new DeleteObjectCommand(elsewhere),
    new ListObjectsV2Command(elsewhere),
  ]) {
    await expect(sendAny(command)).rejects.toMatchObject({ name: 'NoSuchBucket' });
  }
  await expect(client.send(new HeadBucketCommand({ Bucket: 'elsewhere' }))).rejects.toMatchObject({ name: 'NotFound' });
});

test("an error is S3's XML with the request it is about", async () => {
  const request = await sign(client, new GetObjectCommand({ Bucket, Key: 'no & such' }));
  const { status, headers, text } = await send(s3.endpoint, request);
  expect([status, headers['content-type']]).toEqual([404, 'application/xml']);
  expect(text).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code>' +
      '<Message>The specified key does not exist.</Message><Key>no &amp; such</Key>' +
      `<Resource>/${Bucket}/no%20%26%20such</Resource>` +
      `<RequestId>${String(headers['x-amz-request-id'])}</RequestId></Error>`,
  );
});

test('a bucket is created once, with a name that S3 allows, and removed only if it is empty', async () => {
  const other = { Bucket: 'another.bucket' };
  await client.send(new CreateBucketCommand(other));
  await expect(client.send(new CreateBucketCommand(other))).rejects.toMatchObject({ name: 'BucketAlreadyOwnedByYou' });
  await client.send(new PutObjectCommand({ ...other, Key: 'a', Body: 'a' }));
  await expect(client.send(new DeleteBucketCommand(other))).rejects.toMatchObject({ name: 'BucketNotEmpty' });
  await client.send(new DeleteObjectCommand({ ...other, Key: 'a' }));
  await client.send(new DeleteBucketCommand(other));
  await expect(client.send(new HeadBucketCommand(other))).rejects.toMatchObject({ name: 'NotFound' });

  for (const name of ['ab', 'UPPER', '-start', 'a_b']) {
    await expect(client.send(new CreateBucketCommand({ Bucket: name }))).rejects.toMatchObject({
      name: 'InvalidBucketName',
    });
  }
});

test('a bucket is created in the region of the server and in no other', async () => {
  const { s3: far, client: local } = await startWithBucket();
  try {
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' } as const;
    const command = new CreateBucketCommand({ Bucket: 'elsewhere', CreateBucketConfiguration });
    await expect(local.send(command)).rejects.toMatchObject({ name: 'IllegalLocationConstraintException' });
  } finally {
    await far.close();
  }
});

test.each([
  ['ListBuckets', new ListBucketsCommand({})],
  ['ListObjects', new ListObjectsCommand({ Bucket })],
  ['?acl', new GetBucketAclCommand({ Bucket })],
  ['CopyObject', new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/digits` })],
  ['?tagging', new PutObjectTaggingCommand({ Bucket, Key: 'digits', Tagging: { TagSet: [] } })],
  ['partNumber', new GetObjectCommand({ Bucket, Key: 'digits', PartNumber: 1 })],
  ['if-match', new GetObjectCommand({ Bucket, Key: 'digits', IfMatch: '"x"' })],
  ['x-amz-acl', new PutObjectCommand({ Bucket, Key: 'public', Body: 'a', ACL: 'public-read' })],
  ['x-amz-storage-class', new PutObjectCommand({ Bucket, Key: 'cold', Body: 'a', StorageClass: 'GLACIER' })],
  ['fetch-owner', new ListObjectsV2Command({ Bucket, FetchOwner: true })],
])('%s returns NotImplemented', async (name, command) => {
  const failure = client.send(command as ListBucketsCommand);
  await expect(failure).rejects.toMatchObject({ name: 'NotImplemented', $metadata: { httpStatusCode: 501 } });
  await expect(failure).rejects.toThrow(name === 'ListObjects' ? /^GET on the bucket is not/ : name);
});

test.each([
  [`/${Bucket}/%`, 'a lone percent sign'],
  [`/${Bucket}/%zz`, 'an escape without hexadecimal digits'],
  [`/${Bucket}/%ff`, 'a byte that UTF-8 does not have'],
  [`/${Bucket}/%ed%a0%80`, 'half a surrogate pair'],
  [`/${Bucket}/%c0%af`, 'a slash in two bytes'],
  [`/${Bucket}/a?prefix=%`, 'a broken query'],
  ['http://127.0.0.1/test-bucket/a', 'an absolute URL'],
  ['*', 'an asterisk'],
])('the target %s (%s) is InvalidURI', async (target) => {
  const response = await send(s3.endpoint, { method: 'GET', target, headers: {} });
  expect(response).toMatchObject({ status: 400, code: 'InvalidURI' });
});

test('it listens on 127.0.0.1, and closes while connections are open', async () => {
  // The client's connection is kept alive.
  const { s3: other } = await startWithBucket();
  expect(other.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await Promise.all([other.close(), other.close()]);
  await expect(fetch(other.endpoint)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
});
