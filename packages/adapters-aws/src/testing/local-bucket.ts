import { S3Client } from '@aws-sdk/client-s3';
import type { ObjectStoreHarness } from '@jobs-api/core/testing/contracts';
import { bucketHarness, JobsBucket, startLocalS3 } from '@jobs-api/local';
import { startGate } from '@jobs-api/local/loopback';
import { requestLimits } from '../aws-clients.ts';

const credentials = { accessKeyId: 'local', secretAccessKey: 'local-secret' };

export const clientOf = (endpoint: string) =>
  new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true, requestHandler: requestLimits(10) });

/** Starts the stand-in for S3 behind a gate, with a bucket. Returns the bucket with what its contract suite does to it. */
export const startBucket = async ({ versioned }: { versioned: boolean }) => {
  const s3 = await startLocalS3({ credentials });
  const gate = await startGate(s3.endpoint);
  const bucket = new JobsBucket(clientOf(gate.endpoint), 'jobs-files');
  await bucket.create({ versioned });
  const harness = {
    ...bucketHarness(bucket),
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
  } satisfies Partial<ObjectStoreHarness>;
  return { bucket, harness };
};
