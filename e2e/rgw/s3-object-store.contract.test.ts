import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { S3Client } from '@aws-sdk/client-s3';
import { S3ObjectStore } from '@jobs-api/adapters-aws';
import { createJobs, parseJobId, parseUserId } from '@jobs-api/core';
import { MemoryJobStore } from '@jobs-api/core/testing';
import { describeObjectStore } from '@jobs-api/core/testing/contracts';
import { download, JobsBucket } from '@jobs-api/local';

const { RGW_ENDPOINT = '', RGW_ACCESS_KEY = '', RGW_SECRET_KEY = '' } = process.env;

/** Without our time limits: a gateway on a busy machine may take longer for a thousand keys. */
const clientOf = (endpoint: string) =>
  new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: RGW_ACCESS_KEY, secretAccessKey: RGW_SECRET_KEY },
    forcePathStyle: true,
  });

const newBucket = async (versioned: boolean): Promise<JobsBucket> => {
  const bucket = new JobsBucket(clientOf(RGW_ENDPOINT), `jobs-${randomUUID()}`);
  await bucket.create({ versioned });
  return bucket;
};

describe.each([
  ['with versions', true],
  ['without versions', false],
])('a bucket of RADOS Gateway %s:', (_, versioned) => {
  describeObjectStore('S3ObjectStore', async () => {
    const bucket = await newBucket(versioned);
    const options = { bucketName: bucket.bucketName, urlTtlSeconds: 60 };
    return {
      store: new S3ObjectStore(bucket.client, options),
      // The discard port, on which nothing listens.
      unreachable: new S3ObjectStore(clientOf('http://127.0.0.1:9'), options),
      put: (key, body) => bucket.put(key, body),
      startUpload: (key) => bucket.startUpload(key),
      hide: (key) => bucket.hide(key),
      contents: (prefix) => bucket.contents(prefix),
      size: (prefix) => bucket.size(prefix),
      get: download,
      close: async () => bucket.client.destroy(),
    };
  });

  describe('deleteJob', () => {
    let bucket: JobsBucket;

    beforeAll(async () => {
      bucket = await newBucket(versioned);
    });

    test('removes 2,500 files, in all their versions, and an unfinished upload, and leaves job 10 alone', async () => {
      const keys = Array.from({ length: 2_500 }, (__, index) => `alice/1/${index}.bin`);
      for (let version = 1; version <= (versioned ? 3 : 1); version++)
        for (let start = 0; start < keys.length; start += 50)
          await Promise.all(keys.slice(start, start + 50).map((key) => bucket.put(key, `${version}`)));
      await bucket.startUpload('alice/1/huge.mov');
      await bucket.put('alice/10/0.bin', 'x');
      expect(await bucket.contents('alice/1/')).toHaveLength(versioned ? 7_501 : 2_501);

      const objectStore = new S3ObjectStore(bucket.client, { bucketName: bucket.bucketName, urlTtlSeconds: 60 });
      const { deleteJob } = createJobs({ jobStore: new MemoryJobStore(), objectStore });
      await deleteJob(parseUserId('alice'), parseJobId(1));
      expect(await bucket.contents('alice/')).toEqual(['version alice/10/0.bin']);
    });
  });
});
