import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  paginateListObjectsV2,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type ListMultipartUploadsCommandOutput,
  type ListObjectVersionsCommandOutput,
  type ListObjectsV2CommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { startLocalS3, type LocalS3 } from './server.ts';
import { Storage } from './storage.ts';
import { Bucket, createClient, credentials, send, sign, startWithBucket } from './testing.ts';

let s3: LocalS3;
let client: S3Client;
let bucket: string;
let buckets = 0;

beforeAll(async () => {
  ({ s3, client } = await startWithBucket());
});
beforeEach(async () => {
  bucket = `bucket-${buckets++}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
});
afterAll(() => s3.close());

const putAll = async (keys: readonly string[]) => {
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }));
};

const byBytes = (keys: readonly string[]) => [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

const AWKWARD_KEYS = [
  'a/../b',
  'b',
  'a/b',
  'a//b',
  'a/./b',
  '.',
  '..',
  './',
  '/',
  '//',
  '/a',
  'a/',
  'a%2Fb',
  '%',
  '%25',
  '%2525',
  '+',
  ' ',
  'a b',
  'a+b',
  'a%20b',
  ' 1.0 ',
  '007',
  '1e3',
  'true',
  'null',
  '__proto__',
  'constructor',
  '?',
  '#',
  '&amp;',
  '<Key>',
  ']]>',
  '"\'',
  "!*'()~-._",
  '\\',
  'a\nb',
  'a\rb',
  'a\tb',
  '\u007f',
  'ü',
  'u\u0308',
  '日本',
  '\ue000',
  '\uffee',
  '😀',
  '👩‍👩‍👧',
  'x'.repeat(1024),
  'ü'.repeat(512),
];

test('every key is kept byte for byte, and listed in the order of its bytes', async () => {
  await putAll(AWKWARD_KEYS);
  for (const Key of AWKWARD_KEYS) {
    const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    expect(await got.Body?.transformToString()).toBe(Key);
  }
  const listed = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  expect(listed.Contents?.map(({ Key }) => Key)).toEqual(byBytes(AWKWARD_KEYS));

  for (const Key of AWKWARD_KEYS) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  expect((await client.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount).toBe(0);
});

test('a key of control characters is listed as references, or encoded on request', async () => {
  const Key = 'a\u0001\u001f b+ü/(~*';
  await putAll([Key]);
  const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
  expect(await got.Body?.transformToString()).toBe(Key);

  const plain = await send(s3.endpoint, await sign(client, new ListObjectsV2Command({ Bucket: bucket })));
  expect(plain.text).toContain('<Key>a&#x1;&#x1f; b+ü/(~*</Key>');
  const encoded = await client.send(
    new ListObjectsV2Command({ Bucket: bucket, EncodingType: 'url', Prefix: 'a\u0001' }),
  );
  expect(encoded).toMatchObject({ EncodingType: 'url', Prefix: 'a%01' });
  expect(encoded.Contents?.[0]?.Key).toBe('a%01%1F+b%2B%C3%BC/%28%7E*');
  const otherEncoding = new ListObjectsV2Command({ Bucket: bucket, EncodingType: 'base64' as 'url' });
  await expect(client.send(otherEncoding)).rejects.toMatchObject({ name: 'InvalidArgument' });
});

test('a key of 1,025 bytes is too long', async () => {
  for (const Key of ['x'.repeat(1025), `${'ü'.repeat(512)}x`]) {
    const command = new PutObjectCommand({ Bucket, Key, Body: 'a' });
    await expect(client.send(command)).rejects.toMatchObject({ name: 'KeyTooLongError' });
  }
});

test('2,500 keys are listed in three pages, complete and in order', async () => {
  // Written by hand: signing 2,500 uploads takes the SDK seconds.
  const directory = mkdtempSync(join(tmpdir(), 'local-s3-'));
  const storage = new Storage(directory);
  storage.commit({ type: 'bucket', bucket });
  const keys = Array.from({ length: 2500 }, (_, i) => `many/${i}`);
  const version = {
    id: 'null',
    modified: '2026-01-01T00:00:00.000Z',
    etag: '',
    size: 0,
    headers: {},
    checksum: {},
    bodies: [],
  };
  for (const key of [...keys, 'many', 'man', 'many0']) storage.commit({ type: 'version', bucket, key, version });
  storage.close();
  const full = await startLocalS3({ credentials, directory });
  try {
    const listed: string[] = [];
    const sizes: (number | undefined)[] = [];
    const pages = paginateListObjectsV2({ client: createClient(full.endpoint) }, { Bucket: bucket, Prefix: 'many/' });
    for await (const page of pages) {
      sizes.push(page.KeyCount);
      listed.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
    }
    expect(sizes).toEqual([1000, 1000, 500]);
    expect(listed).toEqual(byBytes(keys));
  } finally {
    await full.close();
    rmSync(directory, { recursive: true });
  }
});

/** Pages of one entry each, keys and common prefixes in the order they came in. */
const onePerPage = async (input: Partial<ListObjectsV2CommandInput>): Promise<string[]> => {
  const listed: string[] = [];
  for await (const page of paginateListObjectsV2({ client, pageSize: 1 }, { Bucket: bucket, ...input })) {
    listed.push(
      ...[
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      ].map(String),
    );
    expect(page.KeyCount).toBe((page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0));
    if (listed.length > 50) throw new Error('the pages do not end');
  }
  return listed;
};

test('a delimiter folds keys into common prefixes, also from page to page', async () => {
  await putAll(['a', 'a/1', 'a/2/x', 'a/2/y', 'a/3', 'b/', 'b/1', 'c', 'd//1', 'd//2']);
  expect(await onePerPage({ Delimiter: '/' })).toEqual(['a', 'a/', 'b/', 'c', 'd/']);
  expect(await onePerPage({ Delimiter: '/', Prefix: 'a/' })).toEqual(['a/1', 'a/2/', 'a/3']);
  // The prefix itself is a key here, not a common prefix: the page after it must not skip what is under it.
  expect(await onePerPage({ Delimiter: '/', Prefix: 'b/' })).toEqual(['b/', 'b/1']);
  expect(await onePerPage({ Delimiter: '//' })).toEqual(['a', 'a/1', 'a/2/x', 'a/2/y', 'a/3', 'b/', 'b/1', 'c', 'd//']);
  const all = await client.send(new ListObjectsV2Command({ Bucket: bucket, Delimiter: '/' }));
  expect(all).toMatchObject({
    KeyCount: 5,
    IsTruncated: false,
    CommonPrefixes: [{ Prefix: 'a/' }, { Prefix: 'b/' }, { Prefix: 'd/' }],
  });
});

test('a list starts after the given key, which need not exist', async () => {
  await putAll(['a', 'b', 'c', 'p/1', 'p/2']);
  expect(await onePerPage({ StartAfter: 'b' })).toEqual(['c', 'p/1', 'p/2']);
  expect(await onePerPage({ StartAfter: 'bb', Prefix: 'p/' })).toEqual(['p/1', 'p/2']);
  expect(await onePerPage({ StartAfter: 'z' })).toEqual([]);
});

test('a page continues after the previous one, whatever was written and deleted in between', async () => {
  await putAll(['a', 'c', 'd', 'e']);
  const first = await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 2 }));
  expect(first).toMatchObject({ IsTruncated: true, KeyCount: 2, MaxKeys: 2 });
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'c' }));
  await putAll(['b', 'cc']);
  const second = await client.send(
    new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: first.NextContinuationToken }),
  );
  expect(second.Contents?.map(({ Key }) => Key)).toEqual(['cc', 'd', 'e']);
});

test('the size of a page is a number from 0, and 1,000 at most', async () => {
  await putAll(['a', 'b']);
  const list = (MaxKeys: number) => client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys }));
  expect(await list(0)).toMatchObject({ KeyCount: 0, IsTruncated: false });
  expect(await list(2)).toMatchObject({ KeyCount: 2, IsTruncated: false });
  expect(await list(5000)).toMatchObject({ MaxKeys: 1000 });
  for (const size of [-1, 0.5, 2 ** 31]) await expect(list(size)).rejects.toMatchObject({ name: 'InvalidArgument' });
});

test('an unknown continuation token is rejected', async () => {
  const command = new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: 'made up' });
  await expect(client.send(command)).rejects.toMatchObject({ name: 'InvalidArgument' });
});

test('a bucket without versions lists its objects as versions called null', async () => {
  await putAll(['a', 'b']);
  const { Versions, DeleteMarkers } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  expect(DeleteMarkers).toBeUndefined();
  expect(Versions).toMatchObject([
    { Key: 'a', VersionId: 'null', IsLatest: true, Size: 1 },
    { Key: 'b', VersionId: 'null', IsLatest: true, Size: 1 },
  ]);
});

test('uploads in progress are listed by key, page by page, the uploads of one key too', async () => {
  const ids = new Map<string | undefined, string>();
  for (const Key of ['p/b', 'p/a', 'q', 'p/b', 'p/b', 'p/\uffee', 'p/😀']) {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
    ids.set(UploadId, Key);
  }
  const listed: (readonly [string | undefined, string | undefined])[] = [];
  let next: Partial<ListMultipartUploadsCommandOutput> = {};
  do {
    const markers = { KeyMarker: next.NextKeyMarker, UploadIdMarker: next.NextUploadIdMarker };
    next = await client.send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: 'p/', MaxUploads: 2, ...markers }),
    );
    expect(next.Uploads).toHaveLength(2);
    listed.push(...(next.Uploads ?? []).map(({ Key, UploadId }) => [Key, UploadId] as const));
  } while (next.IsTruncated === true);
  expect(listed.map(([Key]) => Key)).toEqual(['p/a', 'p/b', 'p/b', 'p/b', 'p/\uffee', 'p/😀']);
  expect(new Set(listed.map(([, id]) => id)).size).toBe(6);
  expect(listed.every(([Key, id]) => ids.get(id) === Key)).toBe(true);
  const after = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, KeyMarker: 'p/b' }));
  expect(after.Uploads?.map(({ Key }) => Key)).toEqual(['p/\uffee', 'p/😀', 'q']);
});

/** Every entry of a list with a page for each, named by its key or its common prefix. */
const entriesOnePerPage = async (
  list: (position: object) => Promise<ListMultipartUploadsCommandOutput | ListObjectVersionsCommandOutput>,
) => {
  const listed: (string | undefined)[] = [];
  let position: object | undefined = {};
  while (position) {
    const page = await list(position);
    const { CommonPrefixes = [], NextKeyMarker: KeyMarker } = page;
    const entries = 'Uploads' in page ? (page.Uploads ?? []) : [];
    const { Versions = [], DeleteMarkers = [] } = page as ListObjectVersionsCommandOutput;
    const names = [...entries, ...Versions, ...DeleteMarkers].map(({ Key }) => Key);
    names.push(...CommonPrefixes.map(({ Prefix }) => Prefix));
    expect(names).toHaveLength(1);
    listed.push(...names);
    const { NextVersionIdMarker: VersionIdMarker, NextUploadIdMarker: UploadIdMarker } = page as Partial<
      ListMultipartUploadsCommandOutput & ListObjectVersionsCommandOutput
    >;
    position = page.IsTruncated === true ? { KeyMarker, VersionIdMarker, UploadIdMarker } : undefined;
  }
  return listed;
};

test('ListObjectVersions folds the versions and delete markers of keys into common prefixes, on each page', async () => {
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  await putAll(['a', 'a', 'a/1', 'a/1', 'a/2/x', 'a/3', 'b/1']);
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'c/1' }));
  const list = (Prefix: string) =>
    entriesOnePerPage((position) =>
      client.send(
        new ListObjectVersionsCommand({
          Bucket: bucket,
          Prefix,
          Delimiter: '/',
          MaxKeys: 1,
          EncodingType: 'url',
          ...position,
        }),
      ),
    );
  expect(await list('')).toEqual(['a', 'a', 'a/', 'b/', 'c/']);
  expect(await list('a/')).toEqual(['a/1', 'a/1', 'a/2/', 'a/3']);
});

test('ListMultipartUploads folds uploads into common prefixes, on each page', async () => {
  for (const Key of ['a', 'a/1', 'a/1', 'a/2/x', 'b/1'])
    await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
  const list = (Prefix: string) =>
    entriesOnePerPage((position) =>
      client.send(
        new ListMultipartUploadsCommand({
          Bucket: bucket,
          Prefix,
          Delimiter: '/',
          MaxUploads: 1,
          EncodingType: 'url',
          ...position,
        }),
      ),
    );
  expect(await list('')).toEqual(['a', 'a/', 'b/']);
  expect(await list('a/')).toEqual(['a/1', 'a/1', 'a/2/']);
});
