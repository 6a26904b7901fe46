import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { S3ObjectStore } from '@jobs-api/adapters-aws';
import { createJobs, parseJobId, parseUserId } from '@jobs-api/core';
import { MemoryJobStore } from '@jobs-api/core/testing';
import { describeObjectStore } from '@jobs-api/core/testing/contracts';
import { bucketHarness, JobsBucket } from '@jobs-api/local';
import { refusingOrigin } from '@jobs-api/local/loopback';

const { S3_ENDPOINT = '', S3_ACCESS_KEY = '', S3_SECRET_KEY = '' } = process.env;

/** The variables of a service that uses the real server. */
export const REAL_S3_ENV = {
  AWS_ENDPOINT_URL_S3: S3_ENDPOINT,
  AWS_ACCESS_KEY_ID: S3_ACCESS_KEY,
  AWS_SECRET_ACCESS_KEY: S3_SECRET_KEY,
  S3_FORCE_PATH_STYLE: 'true',
};

/** Without our limits of time: on a busy machine a real server may take longer than those over a thousand keys. */
export const realS3Client = (settings: Pick<S3ClientConfig, 'systemClockOffset' | 'endpoint'> = {}): S3Client =>
  new S3Client({
    endpoint: S3_ENDPOINT,
    region: 'us-east-1',
    credentials: { accessKeyId: S3_ACCESS_KEY, secretAccessKey: S3_SECRET_KEY },
    forcePathStyle: true,
    ...settings,
  });

export const newBucket = async (versioned: boolean): Promise<JobsBucket> => {
  const bucket = new JobsBucket(realS3Client(), `jobs-${randomUUID()}`);
  await bucket.create({ versioned });
  return bucket;
};

const storeOn = ({ client, bucketName }: JobsBucket) => new S3ObjectStore(client, { bucketName, urlTtlSeconds: 60 });

export const BUCKETS: readonly [string, boolean][] = [
  ['with versions', true],
  ['without versions', false],
];

/** Runs the contract suite of the ObjectStore on a real server. */
export const describeContractOn = (server: string): void => {
  describe.each(BUCKETS)(`a bucket of ${server} %s:`, (_, versioned) => {
    describeObjectStore('S3ObjectStore', async () => {
      const bucket = await newBucket(versioned);
      const { bucketName } = bucket;
      const unreachable = realS3Client({ endpoint: await refusingOrigin() });
      return {
        ...bucketHarness(bucket),
        store: storeOn(bucket),
        unreachable: new S3ObjectStore(unreachable, { bucketName, urlTtlSeconds: 60 }),
        close: async () => bucket.client.destroy(),
      };
    });
  });
};

/** A few at a time: enough to be quick, few enough for any server. */
export const inBatches = async (count: number, run: (index: number) => Promise<unknown>): Promise<void> => {
  for (let start = 0; start < count; start += 20)
    await Promise.all(Array.from({ length: Math.min(20, count - start) }, (_, index) => run(start + index)));
};

const USERS = ['alice+test@example.com', '100%', 'ünï 名', 'a&b=c;d'];
const FILES = 1_100;
const UPLOADS = 60;

/** Deletes large jobs of users with unusual ids on a real server. */
export const describeDeletesOn = (server: string): void => {
  describe.each(BUCKETS)(`deleteJob on a bucket of ${server} %s`, (_, versioned) => {
    let bucket: JobsBucket;

    beforeAll(async () => {
      bucket = await newBucket(versioned);
    });

    test.each(USERS)(
      `removes ${FILES} files and ${UPLOADS} unfinished uploads of the user %j, and nothing else`,
      async (userId) => {
        const neighbours = [`${userId}/10/a.bin`, `${userId}2/1/a.bin`];
        for (const key of neighbours) {
          await bucket.put(key, 'x');
          await bucket.startUpload(key);
        }
        await inBatches(FILES, (index) => bucket.put(`${userId}/1/${index}.bin`, 'x'));
        await inBatches(UPLOADS, (index) => bucket.startUpload(`${userId}/1/${index}.mov`));
        const before = await bucket.contents(`${userId}/1/`);
        expect(before).toHaveLength(FILES + UPLOADS);

        const { deleteJob } = createJobs({ jobStore: new MemoryJobStore(), objectStore: storeOn(bucket) });
        await deleteJob(parseUserId(userId), parseJobId(1));
        expect(await bucket.contents(`${userId}/1/`)).toEqual([]);
        const left = await Promise.all(neighbours.map((key) => bucket.contents(key)));
        expect(left).toEqual(neighbours.map((key) => [`version ${key}`, `upload ${key}`]));
      },
    );
  });
};
