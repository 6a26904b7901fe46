import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { S3ObjectStore } from '@jobs-api/adapters-aws';
import type { ObjectKey } from '@jobs-api/core';
import { JobsBucket } from '@jobs-api/local';
import { realS3Client } from '../harness/real-s3.ts';

const client = realS3Client();
const bucket = new JobsBucket(client, `jobs-${randomUUID()}`);
const options = { bucketName: bucket.bucketName, urlTtlSeconds: 60 };
const store = new S3ObjectStore(client, options);

/** Requests the path exactly as it is written: `fetch` would resolve its dots. */
const download = (url: string) =>
  new Promise<{ status: number | undefined; disposition: string | undefined; body: string }>((resolve, reject) => {
    const { hostname, port, origin } = new URL(url);
    const request = get({ hostname, port, path: url.slice(origin.length) }, (response) => {
      const { statusCode: status, headers } = response;
      const received = text(response).then((body) => ({ status, disposition: headers['content-disposition'], body }));
      received.then(resolve, reject);
    });
    request.on('error', reject);
  });

describe('a URL for RADOS Gateway', () => {
  beforeAll(() => bucket.create());

  test.each([
    'alice/1/photo.png',
    "alice/+=()!*'%&$@,:;?#~",
    ' a b ',
    'Zoë/雪/😀',
    '%',
    '%2F%zz',
    'a/./b',
    'a/../b',
    'a/..',
    'a//b',
    'a/',
    'a\\b',
    '<&">^`{|}[]',
    '-_.~AZaz09',
  ])('downloads %j', async (key) => {
    await bucket.put(key, `body of ${key}`);
    const urls = await (await store.presigner()).presign([key as ObjectKey]);
    expect(await download(urls[0] ?? '')).toMatchObject({ status: 200, body: `body of ${key}` });
  });

  test('downloads under another name', async () => {
    await bucket.put('photo', 'x');
    const presigner = await store.presigner({ downloadAs: 'Zoë (1) & +.png' });
    const urls = await presigner.presign(['photo' as ObjectKey]);
    const disposition = `attachment; filename="Zo? (1) & +.png"; filename*=UTF-8''Zo%C3%AB%20%281%29%20%26%20%2B.png`;
    expect(await download(urls[0] ?? '')).toEqual({ status: 200, body: 'x', disposition });
  });

  test('is refused after its expiry', async () => {
    await bucket.put('late', 'x');
    const late = new S3ObjectStore(client, {
      ...options,
      presigningClient: realS3Client({ systemClockOffset: -61_000 }),
    });
    const urls = await (await late.presigner()).presign(['late' as ObjectKey]);
    expect((await download(urls[0] ?? '')).status).toBe(403);
  });
});
