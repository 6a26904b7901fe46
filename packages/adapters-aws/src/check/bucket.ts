import { GetBucketLifecycleConfigurationCommand, GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import type { LifecycleRule, S3Client } from '@aws-sdk/client-s3';
import type { AwsConfig } from '../config.ts';
import { S3ObjectStore } from '../s3/s3-object-store.ts';
import { failed, isNamed, isRefused, look, ok, reasonOf, refused, skipped, warning } from './finding.ts';
import type { Finding, Outcome } from './finding.ts';

export async function* checkBucket(client: S3Client, config: AwsConfig): AsyncIterable<Finding> {
  const { bucketName, urlTtlSeconds } = config;
  const Bucket = bucketName;
  const bucket = await look(
    'bucket',
    async (signal) => {
      await new S3ObjectStore(client, { bucketName, urlTtlSeconds }).check({ signal });
      return ok(`${bucketName} is there.`);
    },
    (error) => {
      if (isNamed(error, 'NotFound', 'NoSuchBucket', '404'))
        return failed(`There is no bucket ${bucketName}. Create it, or correct JOBS_BUCKET.`);
      if (isRefused(error))
        return failed(
          `${refused('s3:ListBucket', `the bucket ${bucketName}`)} Or it is somebody else's: see JOBS_BUCKET.`,
        );
      return failed(`${bucketName}: ${reasonOf(error)}`);
    },
  );
  yield bucket;
  if (bucket.verdict === 'failed') {
    yield skipped('versioning', 'the bucket is not right');
    yield skipped('lifecycle', 'the bucket is not right');
    return;
  }

  let isVersioned = false;
  yield await look(
    'versioning',
    async (abortSignal) => {
      const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket }), { abortSignal });
      // Versions stay when versioning is suspended.
      isVersioned = Status !== undefined;
      if (Status === 'Enabled') return ok('On: what is overwritten or deleted by mistake can be brought back.');
      return warning('Off: what another program overwrites or deletes by mistake is lost. Turn it on.');
    },
    (error) => explainSetting(error, 's3:GetBucketVersioning', bucketName),
  );
  yield await look(
    'lifecycle',
    async (abortSignal) => {
      const { Rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), { abortSignal });
      return judgeLifecycle(Rules, isVersioned);
    },
    (error) =>
      isNamed(error, 'NoSuchLifecycleConfiguration')
        ? judgeLifecycle([], isVersioned)
        : explainSetting(error, 's3:GetLifecycleConfiguration', bucketName),
  );
}

/** The service does without these rights, so that it is no failure to lack them. */
const explainSetting = (error: unknown, permission: string, bucketName: string): Outcome =>
  isRefused(error)
    ? warning(`Cannot be looked at. ${refused(permission, `the bucket ${bucketName}`)}`)
    : failed(reasonOf(error));

const judgeLifecycle = (rules: readonly LifecycleRule[], isVersioned: boolean): Outcome => {
  const enabled = rules.filter(({ Status }) => Status === 'Enabled');
  const problems: string[] = [];
  const expiring = enabled.filter(({ Expiration }) => Expiration?.Days !== undefined || Expiration?.Date !== undefined);
  if (expiring.length > 0)
    problems.push(`The rule ${expiring.map(({ ID }) => ID).join(', ')} deletes files whose jobs are still listed.`);
  if (!enabled.some(({ AbortIncompleteMultipartUpload }) => AbortIncompleteMultipartUpload))
    problems.push('Uploads that were given up are kept, and paid for: add AbortIncompleteMultipartUpload.');
  if (isVersioned && !enabled.some(({ NoncurrentVersionExpiration }) => NoncurrentVersionExpiration))
    problems.push('Older versions are kept, and paid for: add NoncurrentVersionExpiration.');
  return problems.length > 0 ? warning(problems.join(' ')) : ok('What nobody sees any more is removed.');
};
