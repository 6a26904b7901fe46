import { S3Client } from '@aws-sdk/client-s3';
import { describeObjectStore } from '@jobs-api/core/testing/contracts';
import { bucketHarness, JobsBucket, startLocalS3 } from '@jobs-api/local';
import { refusingOrigin, startGate } from '@jobs-api/local/loopback';
import { describe } from '@jest/globals';
import { requestLimits } from '../aws-clients.ts';
import { S3ObjectStore } from './s3-object-store.ts';

const credentials = { accessKeyId: 'local', secretAccessKey: 'local-secret' };
const clientOf = (endpoint: string) =>
  new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true, requestHandler: requestLimits(10) });

describe.each([
  ['with versions', true],
  ['without versions', false],
])('a bucket %s:', (_, versioned) => {
  describeObjectStore('S3ObjectStore', async () => {
    const s3 = await startLocalS3({ credentials });
    const gate = await startGate(s3.endpoint);
    const bucket = new JobsBucket(clientOf(gate.endpoint), 'jobs-files');
    await bucket.create({ versioned });
    const options = { bucketName: bucket.bucketName, urlTtlSeconds: 60 };
    return {
      ...bucketHarness(bucket),
      store: new S3ObjectStore(bucket.client, options),
      unreachable: new S3ObjectStore(clientOf(await refusingOrigin()), options),
      refused: new S3ObjectStore(bucket.client, { ...options, bucketName: 'no-such-bucket' }),
      request: async (method, url) => {
        const response = await fetch(url, { method, ...(method !== 'DELETE' && { body: 'overwritten' }) });
        await response.text();
      },
      stall: async () => {
        gate.shut();
        return async () => gate.open();
      },
      protect: async (key) => {
        s3.faults.protectedKeys.add(key);
        return async () => void s3.faults.protectedKeys.delete(key);
      },
      ignorePrefix: async () => {
        s3.faults.ignorePrefix = true;
        return async () => void (s3.faults.ignorePrefix = false);
      },
      close: async () => {
        bucket.client.destroy();
        await gate.close();
        await s3.close();
      },
    };
  });
});
