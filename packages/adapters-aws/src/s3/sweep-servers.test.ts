import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { S3Client } from '@aws-sdk/client-s3';
import { jobPrefix, parseJobId, parseUserId } from '@jobs-api/core';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { S3ObjectStore } from './s3-object-store.ts';

/** How a compatible server differs from S3. */
interface Habits {
  /** How keys are sent in the list of uploads. */
  readonly uploadKeys: 'encoded' | 'plain' | 'encoded without saying so';
  /** How the markers of lists are sent. */
  readonly markers: 'encoded' | 'plain';
  readonly pageSize: number;
  readonly wantsMd5: boolean;
  /** How long a batch takes, in milliseconds. */
  readonly batchMs: (keys: number) => number;
  /** The calls that are not implemented. */
  readonly missing: readonly string[];
}

const S3_HABITS: Habits = {
  uploadKeys: 'encoded',
  markers: 'encoded',
  pageSize: 1_000,
  wantsMd5: false,
  batchMs: () => 0,
  missing: [],
};

const escapeXml = (value: string) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const unescapeXml = (value: string) =>
  value.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
const encode = (key: string) => encodeURIComponent(key).replaceAll('%20', '+');

/** A bucket on a real socket, with the habits of a compatible server. */
class CompatibleServer {
  readonly server: Server;
  habits = S3_HABITS;
  objects: string[] = [];
  uploads: string[] = [];
  /** The calls so far, with the number of keys of a batch. */
  readonly calls: string[] = [];

  constructor() {
    this.server = createServer((req, res) => {
      void this.respond(req).then(({ status = 200, body }) => {
        res.writeHead(status, { 'Content-Type': 'application/xml' }).end(`<?xml version="1.0"?>${body}`);
      });
    });
  }

  private async respond(req: IncomingMessage): Promise<{ status?: number; body: string }> {
    const url = new URL(req.url ?? '', 'http://localhost');
    const body = await text(req);
    if (url.searchParams.has('uploads')) return this.list('ListMultipartUploads', url.searchParams);
    if (url.searchParams.has('versions')) return this.list('ListObjectVersions', url.searchParams);
    if (url.searchParams.has('uploadId')) {
      this.calls.push('AbortMultipartUpload');
      const key = decodeURIComponent(url.pathname.slice('/jobs-files/'.length));
      if (!this.uploads.includes(key)) return error(404, 'NoSuchUpload', 'gone');
      this.uploads = this.uploads.filter((upload) => upload !== key);
      return { status: 204, body: '' };
    }
    const keys = [...body.matchAll(/<Key>(.*?)<\/Key>/gs)].map(([, key = '']) => unescapeXml(key));
    this.calls.push(`DeleteObjects ${keys.length}`);
    const md5 = createHash('md5').update(body).digest('base64');
    if (this.habits.wantsMd5 && req.headers['content-md5'] !== md5)
      return error(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5');
    await new Promise((resolve) => setTimeout(resolve, this.habits.batchMs(keys.length)));
    this.objects = this.objects.filter((key) => !keys.includes(key));
    const deleted = keys.map((key) => `<Deleted><Key>${escapeXml(key)}</Key></Deleted>`).join('');
    return { body: `<DeleteResult>${deleted}</DeleteResult>` };
  }

  private list(name: string, query: URLSearchParams): { status?: number; body: string } {
    const isUploads = name === 'ListMultipartUploads';
    this.calls.push(name);
    if (this.habits.missing.includes(name)) return error(501, 'NotImplemented', 'not implemented');
    const marker = query.get('key-marker') ?? '';
    const prefix = query.get('prefix') ?? '';
    const keys = (isUploads ? this.uploads : this.objects)
      .filter((key) => key.startsWith(prefix) && key > marker)
      .sort();
    const page = keys.slice(0, this.habits.pageSize);
    const habit = isUploads ? this.habits.uploadKeys : 'encoded';
    const write = (key: string, isEncoded: boolean) => escapeXml(isEncoded ? encode(key) : key);
    const entries = page.map((key) =>
      isUploads
        ? `<Upload><Key>${write(key, habit !== 'plain')}</Key><UploadId>id</UploadId></Upload>`
        : `<Version><Key>${write(key, true)}</Key><VersionId>null</VersionId><Size>1</Size></Version>`,
    );
    const isTruncated = page.length < keys.length;
    const next = write(page.at(-1) ?? '', this.habits.markers === 'encoded');
    return {
      body: `<Result><IsTruncated>${isTruncated}</IsTruncated>${
        habit === 'encoded' ? '<EncodingType>url</EncodingType>' : ''
      }${isTruncated ? `<NextKeyMarker>${next}</NextKeyMarker>` : ''}${entries.join('')}</Result>`,
    };
  }
}

const error = (status: number, code: string, message: string) => ({
  status,
  body: `<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});

let bucket: CompatibleServer;
let client: S3Client;
let store: S3ObjectStore;

beforeEach(async () => {
  bucket = new CompatibleServer();
  client = new S3Client({
    endpoint: await listen(bucket.server),
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local-secret' },
    requestHandler: { requestTimeout: 500, throwOnRequestTimeout: true },
  });
  store = new S3ObjectStore(client, { bucketName: 'jobs-files', urlTtlSeconds: 60 });
});

afterEach(async () => {
  client.destroy();
  await closeServer(bucket.server);
});

const USERS = ['alice', 'alice+test@example.com', '100%', 'ünï 名', 'a&b=c;d', 'a%41', '<&">^`{|}[]'];

const HABITS: [string, Partial<Habits>][] = [
  ['as S3 does', {}],
  ['plain in the list of uploads', { uploadKeys: 'plain' }],
  ['encoded in the list of uploads without saying so', { uploadKeys: 'encoded without saying so' }],
  ['plain as markers of encoded lists', { markers: 'plain' }],
];

describe.each(HABITS)('deleteAll on a server that sends keys %s', (_, habits) => {
  test.each(USERS)('deletes the objects and uploads of the user %j, and no others', async (userId) => {
    bucket.habits = { ...S3_HABITS, pageSize: 7, ...habits };
    const keys = (prefix: string) => Array.from({ length: 30 }, (__, index) => `${prefix}/${index} é+%2B.png`);
    const others = [...keys(`${userId}/10`), ...keys(`${userId}2/1`), ...keys('aA/1')];
    bucket.objects = [...keys(`${userId}/1`), ...others];
    bucket.uploads = [...keys(`${userId}/1`), ...others];
    await store.deleteAll(jobPrefix(parseUserId(userId), parseJobId(1)));
    expect(bucket.objects).toEqual(others);
    expect(bucket.uploads).toEqual(others);
    expect(bucket.calls.filter((call) => call.startsWith('List')).length).toBeLessThan(60);
  });
});

describe('deleteAll', () => {
  const prefix = jobPrefix(parseUserId('alice'), parseJobId(1));
  const fill = (count: number) => Array.from({ length: count }, (_, index) => `alice/1/${1e6 + index}`);
  const batches = () => bucket.calls.filter((call) => call.startsWith('DeleteObjects'));

  test('sends Content-MD5 to a server that requires it, and remembers that', async () => {
    bucket.habits = { ...S3_HABITS, wantsMd5: true };
    bucket.objects = fill(2);
    await store.deleteAll(prefix);
    expect(batches()).toEqual(['DeleteObjects 2', 'DeleteObjects 2']);
    bucket.objects = fill(3);
    await store.deleteAll(prefix);
    expect(batches().slice(2)).toEqual(['DeleteObjects 3']);
    expect(bucket.objects).toEqual([]);
  });

  test('sends Content-MD5 again for each of several deletes that run at once', async () => {
    bucket.habits = { ...S3_HABITS, wantsMd5: true };
    bucket.objects = fill(2);
    await Promise.all([store.deleteAll(prefix), store.deleteAll(prefix), store.deleteAll(prefix)]);
    expect(bucket.objects).toEqual([]);
  });

  test('sends at most 1,000 keys in a batch, whatever the size of a page', async () => {
    bucket.habits = { ...S3_HABITS, pageSize: 1_500 };
    bucket.objects = fill(3_100);
    await store.deleteAll(prefix);
    expect(bucket.objects).toEqual([]);
    expect(Math.max(...batches().map((call) => Number(call.split(' ')[1])))).toBe(1_000);
  });

  test('sends smaller batches after one that timed out, remembers that, and never sends it again as it was', async () => {
    // Nothing of a batch over 300 keys is deleted in time.
    bucket.habits = { ...S3_HABITS, batchMs: (keys) => (keys > 300 ? 3_600_000 : 0) };
    bucket.objects = fill(1_000);
    await store.deleteAll(prefix);
    expect(batches()).toEqual(['DeleteObjects 1000', ...Array<string>(4).fill('DeleteObjects 250')]);
    bucket.objects = fill(100);
    await store.deleteAll(prefix);
    expect(batches().at(-1)).toBe('DeleteObjects 100');
  });

  test('throws Unavailable after three batches that timed out', async () => {
    bucket.habits = { ...S3_HABITS, batchMs: () => 3_600_000 };
    bucket.objects = fill(1_000);
    await expect(store.deleteAll(prefix)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'DeleteObjects failed: no response in time to 62 keys',
    });
    expect(batches()).toEqual(['DeleteObjects 1000', 'DeleteObjects 250', 'DeleteObjects 62']);
  });

  test.each(['ListMultipartUploads', 'ListObjectVersions'])(
    'fails, and is not Unavailable, when %s is not implemented',
    async (name) => {
      bucket.habits = { ...S3_HABITS, missing: [name] };
      const failure: unknown = await store.deleteAll(prefix).catch((thrown: unknown) => thrown);
      expect(failure).toMatchObject({ message: `${name} failed: NotImplemented` });
      expect(failure).not.toHaveProperty('code');
    },
  );
});
