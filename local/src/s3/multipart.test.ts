import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { LocalS3 } from './server.ts';
import { Bucket, startWithBucket } from './testing.ts';

let s3: LocalS3;
let client: S3Client;
let names = 0;

beforeAll(async () => {
  ({ s3, client } = await startWithBucket());
});
afterAll(() => s3.close());

const MIN_PART_BYTES = 5 * 1024 * 1024;

const start = async (options = {}) => {
  const Key = `upload ${names++}.mp4`;
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...options }));
  const target = { Bucket, Key, UploadId };
  return {
    target,
    put: async (PartNumber: number, Body: Buffer): Promise<CompletedPart> => {
      const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand({ ...target, PartNumber, Body }));
      return { PartNumber, ETag, ChecksumCRC32 };
    },
    complete: (Parts: CompletedPart[]) =>
      client.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts } })),
    abort: () => client.send(new AbortMultipartUploadCommand(target)),
    list: (options = {}) => client.send(new ListPartsCommand({ ...target, ...options })),
    get: async (Range?: string) => {
      const got = await client.send(new GetObjectCommand({ Bucket, Key: Key, Range }));
      return { ...got, body: Buffer.from((await got.Body?.transformToByteArray()) ?? []) };
    },
  };
};

test('an object that is uploaded in parts has the parts in order, and the headers of the first request', async () => {
  const upload = await start({ ContentType: 'video/mp4', Metadata: { a: 'b' } });
  const bodies = [Buffer.alloc(MIN_PART_BYTES, 'a'), Buffer.alloc(MIN_PART_BYTES + 1, 'b'), Buffer.from('end')];
  const third = await upload.put(10_000, bodies[2] as Buffer);
  const first = await upload.put(1, bodies[0] as Buffer);
  await upload.put(7, Buffer.from('replaced'));
  const second = await upload.put(7, bodies[1] as Buffer);

  expect((await upload.list()).Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, MIN_PART_BYTES],
    [7, MIN_PART_BYTES + 1],
    [10_000, 3],
  ]);
  const md5 = (data: Buffer) => createHash('md5').update(data).digest();
  const ETag = `"${md5(Buffer.concat(bodies.map(md5))).toString('hex')}-3"`;
  expect((await upload.complete([first, second, third])).ETag).toBe(ETag);

  const got = await upload.get();
  expect(got).toMatchObject({ ETag, ContentType: 'video/mp4', Metadata: { a: 'b' } });
  expect(got.body.equals(Buffer.concat(bodies))).toBe(true);
  const across = await upload.get(`bytes=${MIN_PART_BYTES - 2}-${2 * MIN_PART_BYTES + 2}`);
  expect(across.body.equals(Buffer.concat(bodies).subarray(MIN_PART_BYTES - 2, 2 * MIN_PART_BYTES + 3))).toBe(true);
  await expect(upload.list()).rejects.toMatchObject({ name: 'NoSuchUpload' });
});

test('parts are listed page by page', async () => {
  const upload = await start();
  for (const number of [3, 1, 2]) await upload.put(number, Buffer.from('a'));
  const first = await upload.list({ MaxParts: 2 });
  expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '2' });
  const second = await upload.list({ MaxParts: 2, PartNumberMarker: first.NextPartNumberMarker });
  expect(second).toMatchObject({ IsTruncated: false, Parts: [{ PartNumber: 3 }] });
});

test('an upload is completed only with existing parts, in order, that are large enough', async () => {
  const upload = await start();
  const one = await upload.put(1, Buffer.from('small'));
  const two = await upload.put(2, Buffer.from('small'));
  const refusals: [CompletedPart[], string][] = [
    [[], 'MalformedXML'],
    [[two, one], 'InvalidPartOrder'],
    [[one, one], 'InvalidPartOrder'],
    [[{ ...one, PartNumber: 3 }], 'InvalidPart'],
    [[{ ...one, ETag: '"0cc175b9c0f1b6a831c399e269772661"' }], 'InvalidPart'],
    [[{ ...one, ChecksumCRC32: 'AAAAAA==' }], 'InvalidPart'],
    [[{ PartNumber: 1 }], 'InvalidPart'],
    [[one, two], 'EntityTooSmall'],
  ];
  for (const [parts, name] of refusals) await expect(upload.complete(parts)).rejects.toMatchObject({ name });
  await upload.complete([two]);
  expect((await upload.get()).body.toString()).toBe('small');
});

test('an upload that was aborted is gone, with its parts', async () => {
  const upload = await start();
  const part = await upload.put(1, Buffer.from('a'));
  await upload.abort();
  for (const attempt of [
    upload.list,
    upload.abort,
    () => upload.put(1, Buffer.from('a')),
    () => upload.complete([part]),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ name: 'NoSuchUpload' });
  }
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: upload.target.Key }));
  expect(Uploads).toEqual([]);
});

test('an upload belongs to one key, and its parts are numbered from 1 to 10,000', async () => {
  const { target, put } = await start();
  const elsewhere = new UploadPartCommand({ ...target, Key: 'elsewhere', PartNumber: 1, Body: 'a' });
  await expect(client.send(elsewhere)).rejects.toMatchObject({ name: 'NoSuchUpload' });
  for (const number of [0, -1, 10_001]) {
    await expect(put(number, Buffer.from('a'))).rejects.toMatchObject({ name: 'InvalidArgument' });
  }
});

test('with versioning a completed upload is one more version', async () => {
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const upload = await start();
  const { VersionId } = await upload.complete([await upload.put(1, Buffer.from('a'))]);
  expect(VersionId).toMatch(/^[\w-]{32}$/);
  expect((await upload.get()).VersionId).toBe(VersionId);
});
