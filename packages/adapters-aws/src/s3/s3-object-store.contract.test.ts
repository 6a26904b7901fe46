import { describe } from '@jest/globals';
import { describeObjectStore } from '@jobs-api/core/testing/contracts';
import { refusingOrigin } from '@jobs-api/local/loopback';
import { clientOf, startBucket } from '../testing/local-bucket.ts';
import { S3ObjectStore } from './s3-object-store.ts';

describe.each([
  ['with versions', true],
  ['without versions', false],
])('a bucket %s:', (_, versioned) => {
  describeObjectStore('S3ObjectStore', async () => {
    const { bucket, harness } = await startBucket({ versioned });
    const options = { bucketName: bucket.bucketName, urlTtlSeconds: 60 };
    return {
      ...harness,
      store: new S3ObjectStore(bucket.client, options),
      unreachable: new S3ObjectStore(clientOf(await refusingOrigin()), options),
      refused: new S3ObjectStore(bucket.client, { ...options, bucketName: 'no-such-bucket' }),
    };
  });
});
