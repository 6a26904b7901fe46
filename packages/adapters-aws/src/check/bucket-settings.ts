import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { codeOf, explain, isNotImplemented } from './explain.ts';
import { check, failed, ok, warning, type Finding, type CheckOutcome } from './finding.ts';
import { checkLifecycle } from './lifecycle.ts';

export const BUCKET_SETTINGS = ['object lock', 'versioning', 'lifecycle'];

/** Checks settings that the service does not need, but that can keep it from deleting, or delete behind its back. */
export async function* checkBucketSettings(client: S3Client, bucketName: string): AsyncIterable<Finding> {
  const Bucket = bucketName;
  /** The service works without these calls, so a refused one is a warning. */
  const explainSetting = (error: unknown, name: string, permission: string): CheckOutcome => {
    const resource = `the bucket ${bucketName}`;
    const text = isNotImplemented(error)
      ? `The server has no ${name}, so this setting cannot be checked.`
      : `Cannot be checked. ${explain(error, { name, permission, resource, endpoint: 'AWS_ENDPOINT_URL_S3' })}`;
    return warning(text);
  };

  yield await check(
    'object lock',
    async (abortSignal) => {
      const command = new GetObjectLockConfigurationCommand({ Bucket });
      const { ObjectLockConfiguration } = await client.send(command, { abortSignal });
      const mode = ObjectLockConfiguration?.Rule?.DefaultRetention?.Mode;
      if (mode !== undefined)
        return failed(
          `Object Lock keeps every file for a while (${mode}), so jobs cannot be deleted: remove the default retention, or use another bucket.`,
        );
      if (ObjectLockConfiguration?.ObjectLockEnabled !== 'Enabled') return ok('Off.');
      return warning('Object Lock is on, without a default: jobs with files that a writer locks cannot be deleted.');
    },
    (error) =>
      codeOf(error) === 'ObjectLockConfigurationNotFoundError' || isNotImplemented(error)
        ? ok('Off.')
        : explainSetting(error, 'GetObjectLockConfiguration', 's3:GetBucketObjectLockConfiguration'),
  );

  let isVersioned = false;
  yield await check(
    'versioning',
    async (abortSignal) => {
      const { Status, MFADelete } = await client.send(new GetBucketVersioningCommand({ Bucket }), { abortSignal });
      // Versions stay when versioning is suspended.
      isVersioned = Status !== undefined;
      if (MFADelete === 'Enabled')
        return failed('MFA delete is on, so versions, and with them jobs, cannot be deleted: turn MFA delete off.');
      if (Status === 'Enabled') return ok('On: files that are overwritten or deleted by mistake can be restored.');
      return warning('Off: files that another program overwrites or deletes by mistake are lost. Turn it on.');
    },
    (error) => explainSetting(error, 'GetBucketVersioning', 's3:GetBucketVersioning'),
  );

  yield await check(
    'lifecycle',
    async (abortSignal) => {
      const { Rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), { abortSignal });
      return checkLifecycle(Rules, isVersioned);
    },
    (error) =>
      codeOf(error) === 'NoSuchLifecycleConfiguration'
        ? checkLifecycle([], isVersioned)
        : explainSetting(error, 'GetBucketLifecycleConfiguration', 's3:GetLifecycleConfiguration'),
  );
}
