import { S3Client } from '@aws-sdk/client-s3';
import { describeObjectStore } from '@jobs-api/core/testing/contracts';
import { download, JobsBucket, startLocalS3 } from '@jobs-api/local';
import { describe } from '@jest/globals';
import { requestLimits } from '../aws-clients.ts';
import { S3ObjectStore } from './s3-object-store.ts';

const credentials = { accessKeyId: 'local', secretAccessKey: 'local-secret' };
const clientOf = (endpoint: string) =>
  new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true, requestHandler: requestLimits(10) });

/** A port that was free a moment ago, so nothing listens there. */
const refusingEndpoint = async () => {
  const s3 = await startLocalS3({ credentials });
  await s3.close();
  return s3.endpoint;
};

describe.each([
  ['with versions', true],
  ['without versions', false],
])('a bucket %s:', (_, versioned) => {
  describeObjectStore('S3ObjectStore', async () => {
    const s3 = await startLocalS3({ credentials });
    const bucket = new JobsBucket(clientOf(s3.endpoint), 'jobs-files');
    await bucket.create({ versioned });
    const options = { bucketName: bucket.bucketName, urlTtlSeconds: 60 };
    return {
      store: new S3ObjectStore(bucket.client, options),
      unreachable: new S3ObjectStore(clientOf(await refusingEndpoint()), options),
      put: (key, body) => bucket.put(key, body),
      startUpload: (key) => bucket.startUpload(key),
      hide: (key) => bucket.hide(key),
      contents: (prefix) => bucket.contents(prefix),
      size: (prefix) => bucket.size(prefix),
      get: download,
      request: async (method, url) => {
        const response = await fetch(url, { method, ...(method !== 'DELETE' && { body: 'overwritten' }) });
        await response.text();
      },
      close: async () => {
        bucket.client.destroy();
        await s3.close();
      },
    };
  });
});
