import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { startProcess } from '../start-process.ts';
import { startLocalS3, type LocalS3 } from './server.ts';
import { Bucket, createClient, credentials, send, sign, startWithBucket } from './testing.ts';

let directory: string;
let s3: LocalS3;
let client: S3Client;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'local-s3-'));
  ({ s3, client } = await startWithBucket({ directory }));
});
afterEach(async () => {
  await s3.close();
  rmSync(directory, { recursive: true });
});

const restart = async () => {
  await s3.close();
  s3 = await startLocalS3({ credentials, directory });
  client = createClient(s3.endpoint);
};

const journal = () => join(directory, 'journal.jsonl');
const bodies = () => readdirSync(join(directory, 'bodies'));
const put = (Key: string, Body: string | Buffer) => client.send(new PutObjectCommand({ Bucket, Key, Body }));
const get = async (Key: string, options = {}) =>
  Buffer.from(
    (await (await client.send(new GetObjectCommand({ Bucket, Key, ...options }))).Body?.transformToByteArray()) ?? [],
  );

test('the next start with the same directory serves the same data', async () => {
  await put('plain', 'before versions');
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  await client.send(
    new PutObjectCommand({ Bucket, Key: 'plain', Body: 'after', ContentType: 'text/x', Metadata: { a: 'ü' } }),
  );
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'plain' }));
  await put('😀', Buffer.alloc(0));
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ Bucket, Key: 'parts', CacheControl: 'no-store' }),
  );
  const part = { Bucket, Key: 'parts', UploadId, PartNumber: 2 };
  const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: 'part' }));

  const everything = async () => {
    const { Versions, DeleteMarkers } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    const after = { Bucket, Key: 'plain', VersionId: Versions?.[0]?.VersionId };
    const { ContentType, Metadata, ETag, ChecksumCRC32, Body } = await client.send(new GetObjectCommand(after));
    const text = await Body?.transformToString();
    return { Versions, DeleteMarkers, Uploads, ContentType, Metadata, ETag, ChecksumCRC32, text };
  };
  const before = await everything();
  expect(before).toMatchObject({ text: 'after', ContentType: 'text/x', Uploads: [{ UploadId }] });
  for (const times of [1, 2]) {
    await restart();
    expect([times, await everything()]).toEqual([times, before]);
  }
  await client.send(
    new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts: [{ PartNumber: 2, ETag }] } }),
  );
  await restart();
  expect((await get('parts')).toString()).toBe('part');
  expect((await get('plain', { VersionId: 'null' })).toString()).toBe('before versions');
  await expect(client.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({
    name: 'BucketAlreadyOwnedByYou',
  });
});

test('a lifecycle is returned as it was put, also after a restart, and is an error if there is none', async () => {
  const get = () => client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  await expect(get()).rejects.toMatchObject({ name: 'NoSuchLifecycleConfiguration' });
  const Rules = [{ ID: 'a', Status: 'Enabled' as const, Filter: { Prefix: '' }, Expiration: { Days: 3 } }];
  await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
  await restart();
  expect((await get()).Rules).toEqual(Rules);
});

test('overwritten, deleted and abandoned bodies take no space', async () => {
  await put('a', 'one');
  await put('a', 'two');
  expect(bodies()).toHaveLength(1);
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
  expect(bodies()).toEqual([]);

  for (let i = 0; i < 20; i++) await put('b', `${i}`);
  writeFileSync(join(directory, 'bodies', 'unused'), 'left by a process that was killed');
  const size = () => readFileSync(journal()).length;
  const before = size();
  await restart();
  expect(bodies()).toHaveLength(1);
  expect(size()).toBeLessThan(before / 5);
  expect((await get('b')).toString()).toBe('19');
});

test('an incomplete record of a killed process is dropped', async () => {
  await put('a', 'a');
  const [line = ''] = readFileSync(journal(), 'utf8').split('\n').slice(-2);
  for (const torn of ['{"type":"ver', '{', line.slice(0, -1), line]) {
    await s3.close();
    appendFileSync(journal(), torn);
    await restart();
    await put('b', 'b');
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents?.map(({ Key }) => Key)).toEqual(['a', 'b']);
  }
});

test('a record that cannot be read is an error that names its position', async () => {
  await put('a', 'a');
  await put('b', 'b');
  await s3.close();
  const lines = readFileSync(journal(), 'utf8').split('\n');
  for (const broken of [
    '{"type":',
    'null',
    '{"type":"version","bucket":"elsewhere"}',
    `{"type":"other","bucket":"${Bucket}"}`,
  ]) {
    writeFileSync(journal(), [lines[0], broken, ...lines.slice(2)].join('\n'));
    await expect(startLocalS3({ credentials, directory })).rejects.toThrow(`${journal()}: line 2 cannot be read`);
  }
});

/** Polls for changes that a client does not receive. */
const until = async (holds: () => boolean) => {
  while (!holds()) await sleep(5);
};

/** Sends half of the command's body of a megabyte. The caller sends the rest, or disconnects. */
const startUpload = async (command: object) => {
  const { method, target: path, headers } = await sign(client, command);
  const { hostname, port } = new URL(s3.endpoint);
  const kept = bodies().length;
  const request = httpRequest({ hostname, port, method, path, headers });
  request.on('error', () => undefined).write(Buffer.alloc(500_000));
  await until(() => bodies().length > kept);
  return request;
};
const megabyte = Buffer.alloc(1_000_000);

test('an upload whose client disconnects leaves nothing behind', async () => {
  const request = await startUpload(new PutObjectCommand({ Bucket, Key: 'half', Body: megabyte }));
  request.destroy();
  await until(() => bodies().length === 0);
  expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
});

test('an upload whose bucket, or whose other parts, are removed in the meantime leaves nothing behind', async () => {
  const Key = 'parts';
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = await startUpload(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: megabyte }));
  const whole = await startUpload(new PutObjectCommand({ Bucket, Key: 'whole', Body: megabyte }));
  const finish = async (request: ClientRequest) => {
    request.end(Buffer.alloc(500_000));
    const [{ statusCode }] = (await once(request, 'response')) as [IncomingMessage];
    return statusCode;
  };
  await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  expect(await finish(part)).toBe(404);
  await client.send(new DeleteBucketCommand({ Bucket }));
  expect(await finish(whole)).toBe(404);
  expect(bodies()).toEqual([]);
});

test('a download whose client disconnects ends, and the next one is served', async () => {
  const body = Buffer.alloc(8 * 1024 * 1024, 'large ');
  await put('large', body);
  const { method, target: path, headers } = await sign(client, new GetObjectCommand({ Bucket, Key: 'large' }));
  const { hostname, port } = new URL(s3.endpoint);
  const sent = httpRequest({ hostname, port, method, path, headers });
  sent.on('error', () => undefined).end();
  await once(sent, 'response');
  sent.destroy();
  expect((await get('large')).equals(body)).toBe(true);
  expect((await get('large', { Range: 'bytes=5000000-5000009' })).equals(body.subarray(5_000_000, 5_000_010))).toBe(
    true,
  );
});

test('a fault in the server is an InternalError or cuts the body short, and never ends the server', async () => {
  await put('a', 'a');
  rmSync(join(directory, 'bodies'), { recursive: true });
  const upload = await send(s3.endpoint, await sign(client, new PutObjectCommand({ Bucket, Key: 'b', Body: 'b' })));
  expect(upload).toMatchObject({ status: 500, code: 'InternalError' });
  expect(upload.text).toContain('<Message>ENOENT: no such file or directory');
  const download = send(s3.endpoint, await sign(client, new GetObjectCommand({ Bucket, Key: 'a' })));
  await expect(download).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(1);
});

const program = (module: string) => `
  import { startLocalS3 } from ${JSON.stringify(module)};
  const { endpoint } = await startLocalS3(JSON.parse(process.argv[1]));
  console.log(endpoint);
`;

let stop: () => Promise<void> = async () => undefined;
afterEach(() => stop());

const startServer = async () => {
  const code = program(new URL('./server.ts', import.meta.url).href);
  const options = JSON.stringify({ credentials, directory });
  const started = startProcess(['--import', 'tsx', '--input-type=module', '--eval', code, options]);
  ({ stop } = started);
  return { endpoint: await started.untilLine((line) => line), kill: stop };
};

test('a process that is killed while it writes loses nothing that it has acknowledged', async () => {
  await s3.close();
  // Bodies that each key may have: one, and also the next one if its write was not acknowledged.
  const possible = new Map<string, (string | undefined)[]>();
  for (const round of [1, 2]) {
    const { endpoint, kill } = await startServer();
    const writer = createClient(endpoint);
    let acknowledged = 0;
    const write = async (lane: number) => {
      for (let i = 0; ; i++) {
        const Key = `${lane}/${i % 40}`;
        const Body = `${round}-${lane}-${i} `.repeat(1 + ((i * 7919) % 20_000));
        possible.set(Key, [...(possible.get(Key) ?? [undefined]), Body]);
        await writer.send(new PutObjectCommand({ Bucket, Key, Body }));
        possible.set(Key, [Body]);
        acknowledged++;
      }
    };
    const writers = Promise.allSettled([1, 2, 3, 4].map(write));
    while (acknowledged < 100) await sleep(1);
    await kill();
    await writers;

    s3 = await startLocalS3({ credentials, directory });
    client = createClient(s3.endpoint);
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    const kept = new Map<string | undefined, string>();
    for (const { Key = '' } of Contents) kept.set(Key, (await get(Key)).toString());
    for (const [key, bodiesOfKey] of possible) {
      expect(bodiesOfKey.includes(kept.get(key))).toBe(true);
      possible.set(key, [kept.get(key)]);
    }
    expect(bodies()).toHaveLength(kept.size);
    await s3.close();
  }
});
