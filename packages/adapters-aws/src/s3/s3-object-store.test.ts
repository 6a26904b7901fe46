import { expect, test } from '@jest/globals';
import { S3Client } from '@aws-sdk/client-s3';
import { S3ObjectStore } from './s3-object-store.ts';

const clientOf = (endpoint: string) =>
  new S3Client({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'secret' } });

test('links for another endpoint are signed by the clock of S3 as the sending client has learned it', async () => {
  const [client, presigningClient] = [clientOf('https://s3.internal'), clientOf('https://files.example.com')];
  const store = new S3ObjectStore(client, { bucketName: 'jobs-files', urlTtlSeconds: 60, presigningClient });
  client.config.systemClockOffset = 3_600_000;
  const { expiresAt } = await store.presigner();
  expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 3_600_000);
});
