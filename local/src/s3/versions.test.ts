import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { LocalS3 } from './server.ts';
import { Bucket, send, sign, startWithBucket } from './testing.ts';

let s3: LocalS3;
let client: S3Client;

beforeEach(async () => {
  ({ s3, client } = await startWithBucket());
});
afterEach(() => s3.close());

const setVersioning = (Status: 'Enabled' | 'Suspended') =>
  client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
const put = async (Key: string, Body: string) =>
  (await client.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId;
const get = async (Key: string, VersionId?: string) =>
  (await client.send(new GetObjectCommand({ Bucket, Key, VersionId }))).Body?.transformToString();
const remove = (Key: string, VersionId?: string) => client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));

/** Every version and marker as `key version`, in the list's order, markers with an x and the latest with a star. */
const versions = async (options = {}): Promise<string[]> => {
  const request = await sign(client, new ListObjectVersionsCommand({ Bucket, ...options }));
  const { text } = await send(s3.endpoint, request);
  const entries = text.matchAll(
    /<(Version|DeleteMarker)><Key>(.*?)<\/Key><VersionId>(.*?)<\/VersionId><IsLatest>(.*?)<\/IsLatest>/g,
  );
  return [...entries].map(
    ([, kind, key, id, latest]) => `${key} ${id}${kind === 'DeleteMarker' ? ' x' : ''}${latest === 'true' ? ' *' : ''}`,
  );
};

test('versioning is off until it is turned on, and can then be suspended but not undone', async () => {
  const status = async () => (await client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
  expect(await status()).toBeUndefined();
  await setVersioning('Enabled');
  expect(await status()).toBe('Enabled');
  await setVersioning('Suspended');
  expect(await status()).toBe('Suspended');
  await expect(setVersioning('Off' as 'Enabled')).rejects.toMatchObject({ name: 'MalformedXML' });
});

test('without versioning the last write wins and a delete is final', async () => {
  expect(await put('a', 'one')).toBeUndefined();
  await put('a', 'two');
  expect(await versions()).toEqual(['a null *']);
  expect(await get('a', 'null')).toBe('two');
  expect(await remove('a')).toMatchObject({ $metadata: { httpStatusCode: 204 } });
  expect(await versions()).toEqual([]);
  expect((await remove('a')).DeleteMarker).toBeUndefined();
});

test('with versioning every write is kept, and a delete only adds a marker', async () => {
  await setVersioning('Enabled');
  const one = await put('a', 'one');
  const two = await put('a', 'two');
  const marker = await remove('a');
  expect(marker.DeleteMarker).toBe(true);
  expect(await versions()).toEqual([`a ${marker.VersionId} x *`, `a ${two}`, `a ${one}`]);

  expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
  expect([await get('a', one), await get('a', two)]).toEqual(['one', 'two']);
  const hidden = await send(s3.endpoint, await sign(client, new GetObjectCommand({ Bucket, Key: 'a' })));
  expect(hidden).toMatchObject({ status: 404, code: 'NoSuchKey', headers: { 'x-amz-delete-marker': 'true' } });
  await expect(get('a', marker.VersionId)).rejects.toMatchObject({ name: 'MethodNotAllowed' });
  await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'BucketNotEmpty' });

  expect(await remove('a', marker.VersionId)).toMatchObject({ DeleteMarker: true, VersionId: marker.VersionId });
  expect(await get('a')).toBe('two');
  expect(await remove('a', two)).toMatchObject({ VersionId: two });
  expect(await get('a')).toBe('one');
  await remove('a', one);
  expect(await versions()).toEqual([]);
  await client.send(new DeleteBucketCommand({ Bucket }));
});

test('a delete adds a marker for a key that never existed, too', async () => {
  await setVersioning('Enabled');
  const { VersionId } = await remove('never');
  expect(await versions()).toEqual([`never ${VersionId} x *`]);
});

test('an object from before versioning is the version called null', async () => {
  await put('a', 'before');
  await setVersioning('Enabled');
  expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).VersionId).toBe('null');
  const after = await put('a', 'after');
  expect(await versions()).toEqual([`a ${after} *`, 'a null']);
  expect(await get('a', 'null')).toBe('before');
  await remove('a', 'null');
  expect(await versions()).toEqual([`a ${after} *`]);
});

test('while versioning is suspended there is one version called null, and kept ones stay', async () => {
  await setVersioning('Enabled');
  const kept = await put('a', 'kept');
  await setVersioning('Suspended');
  await put('a', 'null one');
  await put('a', 'null two');
  expect(await versions()).toEqual(['a null *', `a ${kept}`]);
  expect(await get('a')).toBe('null two');

  expect(await remove('a')).toMatchObject({ DeleteMarker: true, VersionId: 'null' });
  expect(await versions()).toEqual(['a null x *', `a ${kept}`]);
  expect(await remove('a', 'null')).toMatchObject({ DeleteMarker: true, VersionId: 'null' });
  expect(await get('a')).toBe('kept');
});

test('versions are listed in pages, also those of one key, and the next page does not need the last entry of this one', async () => {
  await setVersioning('Enabled');
  for (const body of ['1', '2', '3']) for (const key of ['a', 'b/1', 'b/2', 'c']) await put(key, body);
  await remove('b/1');
  const all = await versions();
  expect(all.map((entry) => entry.split(' ')[0]).join()).toBe('a,a,a,b/1,b/1,b/1,b/1,b/2,b/2,b/2,c,c,c');
  expect(await versions({ Prefix: 'b/' })).toEqual(all.slice(3, 10));
  expect(await versions({ KeyMarker: 'b/1' })).toEqual(all.slice(7));

  const first = await client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 5 }));
  expect(first.IsTruncated).toBe(true);
  const markers = { KeyMarker: first.NextKeyMarker, VersionIdMarker: first.NextVersionIdMarker };
  expect(await versions({ MaxKeys: 5 })).toEqual(all.slice(0, 5));
  expect(await versions({ MaxKeys: 5, ...markers })).toEqual(all.slice(5, 10));
  expect(await versions({ MaxKeys: 8, ...markers })).toEqual(all.slice(5));

  for (const entry of all.slice(0, 5)) await remove(...(entry.split(' ').slice(0, 2) as [string, string]));
  expect((await versions(markers)).map((entry) => entry.replace(' *', ''))).toEqual(
    all.slice(5).map((entry) => entry.replace(' *', '')),
  );

  const noKey = new ListObjectVersionsCommand({ Bucket, VersionIdMarker: first.NextVersionIdMarker });
  await expect(client.send(noKey)).rejects.toMatchObject({ name: 'InvalidArgument' });
});

const deleteAll = (Objects: { Key: string; VersionId?: string | undefined }[], Quiet?: boolean) =>
  client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet } }));

test('a batch deletes each of its keys and reports it, also for a key that does not exist', async () => {
  const keys = [' 1.0 ', '007', 'a&b<c>\'"', 'a\r\nb', '😀', 'a/../b'];
  for (const key of keys) await put(key, 'a');
  await put('a/b', 'stays');
  const { Deleted, Errors } = await deleteAll([...keys, 'missing'].map((Key) => ({ Key })));
  expect(Deleted).toEqual([...keys, 'missing'].map((Key) => ({ Key })));
  expect(Errors).toBeUndefined();
  expect(await versions()).toEqual(['a/b null *']);
});

test('a batch deletes versions and markers, and reports which is which', async () => {
  await setVersioning('Enabled');
  const one = await put('a', 'one');
  const { Deleted: marked } = await deleteAll([{ Key: 'a' }]);
  const marker = marked?.[0]?.DeleteMarkerVersionId;
  expect(marked).toEqual([{ Key: 'a', DeleteMarker: true, DeleteMarkerVersionId: marker }]);
  expect(await versions()).toEqual([`a ${marker} x *`, `a ${one}`]);

  const { Deleted } = await deleteAll([
    { Key: 'a', VersionId: one },
    { Key: 'a', VersionId: marker },
  ]);
  expect(Deleted).toEqual([
    { Key: 'a', VersionId: one },
    { Key: 'a', VersionId: marker, DeleteMarker: true, DeleteMarkerVersionId: marker },
  ]);
  expect(await versions()).toEqual([]);
});

test('a quiet batch reports only its failures, and deletes the rest', async () => {
  await put('a', 'a');
  const { Deleted, Errors } = await deleteAll(
    [{ Key: 'x'.repeat(1025) }, { Key: 'a', VersionId: 'made up' }, { Key: 'a' }],
    true,
  );
  expect(Deleted).toBeUndefined();
  expect(Errors).toMatchObject([
    { Key: 'x'.repeat(1025), Code: 'KeyTooLongError' },
    { Key: 'a', VersionId: 'made up', Code: 'InvalidArgument' },
  ]);
  expect(await versions()).toEqual([]);
});

test('a batch has 1 to 1,000 keys', async () => {
  const keys = Array.from({ length: 1001 }, (_, i) => ({ Key: `${i}` }));
  await put('0', 'a');
  await expect(deleteAll(keys)).rejects.toMatchObject({ name: 'MalformedXML' });
  await expect(deleteAll([])).rejects.toMatchObject({ name: 'MalformedXML' });
  expect(await versions()).toEqual(['0 null *']);
  expect((await deleteAll(keys.slice(0, 1000))).Deleted).toHaveLength(1000);
  expect(await versions()).toEqual([]);
});

const deleteWith = async (xml: string, adjust: (headers: Record<string, string>) => void = () => undefined) => {
  const command = new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a' }] } });
  const request = await sign(client, command, (unsigned) => {
    const { headers } = unsigned;
    delete headers['x-amz-checksum-crc32'];
    delete headers['x-amz-sdk-checksum-algorithm'];
    headers['content-md5'] = createHash('md5').update(xml).digest('base64');
    headers['content-length'] = String(Buffer.byteLength(xml));
    unsigned.body = xml;
    adjust(headers);
  });
  return send(s3.endpoint, request);
};

test('a batch without a checksum is rejected', async () => {
  const xml = '<Delete><Object><Key>a</Key></Object></Delete>';
  expect((await deleteWith(xml)).status).toBe(200);
  const bare = await deleteWith(xml, (headers) => delete headers['content-md5']);
  expect(bare).toMatchObject({ status: 400, code: 'InvalidRequest' });
});

test.each([
  ['a reference to a control character', '<Delete><Object><Key>a&#x1;b</Key></Object></Delete>'],
  ['a control character', '<Delete><Object><Key>a\u0001b</Key></Object></Delete>'],
  ['an unknown reference', '<Delete><Object><Key>a&nbsp;b</Key></Object></Delete>'],
  ['a bare ampersand', '<Delete><Object><Key>a & b</Key></Object></Delete>'],
  ['a document type', '<!DOCTYPE d [<!ENTITY e "b">]><Delete><Object><Key>a&e;</Key></Object></Delete>'],
  ['an object without a key', '<Delete><Object><VersionId>null</VersionId></Object></Delete>'],
  ['an empty key', '<Delete><Object><Key></Key></Object></Delete>'],
  ['two keys in one object', '<Delete><Object><Key>a</Key><Key>ab</Key></Object></Delete>'],
  ['a key with elements', '<Delete><Object><Key><b>a</b></Key></Object></Delete>'],
  ['no end', '<Delete><Object><Key>ab</Key></Object>'],
  ['another root', '<Remove><Object><Key>ab</Key></Object></Remove>'],
  ['not XML', 'ab'],
])('a batch with %s is malformed, and deletes nothing', async (_, xml) => {
  for (const key of ['ab', 'a', 'a & b']) await put(key, 'a');
  expect(await deleteWith(xml)).toMatchObject({ status: 400, code: 'MalformedXML' });
  expect(await versions()).toHaveLength(3);
});

test('a batch with conditional deletes is rejected as not implemented', async () => {
  await put('a', 'a');
  const response = await deleteWith('<Delete><Object><Key>a</Key><ETag>"x"</ETag></Object></Delete>');
  expect(response).toMatchObject({ status: 501, code: 'NotImplemented' });
  expect(await versions()).toEqual(['a null *']);
});
