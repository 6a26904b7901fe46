import { AbortMultipartUploadCommand, GetObjectCommand, HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { jobPrefix, parseJobId, parseObjectUuid, uploadedFileKey } from '@jobs-api/core';
import type { AwsConfig } from '../config.ts';
import { pagesOfUploads, pagesOfVersions, type ListPage } from '../s3/list-pages.ts';
import { ObjectDeleter } from '../s3/object-deleter.ts';
import { BUCKET_SETTINGS, checkBucketSettings } from './bucket-settings.ts';
import { codeOf, explain, type TriedCall } from './explain.ts';
import { check, failed, ok, skipped, type Finding } from './finding.ts';
import { CHECK_USER_ID } from './table.ts';

const PREFIX = jobPrefix(CHECK_USER_ID, parseJobId(1));
const KEY = uploadedFileKey(CHECK_USER_ID, parseJobId(1), parseObjectUuid('none'));

export const BUCKET_SUBJECTS = ['bucket', 'read files', 'delete files', ...BUCKET_SETTINGS];

interface Attempt {
  readonly name: string;
  readonly permission: string;
  readonly run: (signal: AbortSignal) => Promise<unknown>;
  /** Errors that mean that the call is allowed. */
  readonly expected?: readonly string[];
}

/** Tries every call for files that the service makes, for a user without jobs: nothing is changed. */
export async function* checkBucket(client: S3Client, { bucketName }: AwsConfig): AsyncIterable<Finding> {
  const { exists, read, deletion } = attemptsOn(client, bucketName);
  const tryAll = (subject: string, success: string, attempts: readonly Attempt[]): Promise<Finding> => {
    let tried: Attempt | undefined;
    return check(
      subject,
      async (signal) => {
        for (tried of attempts) {
          const { expected = [] } = tried;
          await tried.run(signal).catch((error: unknown) => {
            if (!expected.includes(codeOf(error))) throw error;
          });
        }
        return ok(success);
      },
      (error) => {
        const { name = '', permission = '' } = tried ?? {};
        const call: TriedCall = {
          name,
          permission,
          resource: `the bucket ${bucketName}`,
          endpoint: 'AWS_ENDPOINT_URL_S3',
        };
        return failed(explain(error, call));
      },
    );
  };

  const bucket = await tryAll('bucket', `${bucketName} exists.`, [exists]);
  yield bucket;
  if (bucket.verdict === 'failed') {
    for (const subject of BUCKET_SUBJECTS.slice(1)) yield skipped(subject, 'the check of the bucket failed');
    return;
  }
  yield await tryAll('read files', 'Files can be read, so that links to them work.', [read]);
  yield await tryAll(
    'delete files',
    'Files, their versions and unfinished uploads can be listed and deleted.',
    deletion,
  );
  yield* checkBucketSettings(client, bucketName);
}

const attemptsOn = (client: S3Client, Bucket: string) => {
  const listing = (signal: AbortSignal) => ({ client, bucketName: Bucket, prefix: PREFIX, signal });
  const listObjects = (signal: AbortSignal) => firstOf(pagesOfVersions(listing(signal)));
  const exists: Attempt = {
    name: 'HeadBucket',
    permission: 's3:ListBucket',
    run: async (abortSignal) => {
      try {
        await client.send(new HeadBucketCommand({ Bucket }), { abortSignal });
      } catch (error) {
        // A response to HEAD has no body and so no code. The response to a list has one.
        if (codeOf(error) !== 'NotFound') await listObjects(abortSignal);
        throw error;
      }
    },
  };
  const read: Attempt = {
    name: 'GetObject',
    permission: 's3:GetObject',
    run: (abortSignal) => client.send(new GetObjectCommand({ Bucket, Key: KEY }), { abortSignal }),
    expected: ['NoSuchKey'],
  };
  const deletion: Attempt[] = [
    {
      name: 'ListMultipartUploads',
      permission: 's3:ListBucketMultipartUploads',
      run: (signal) => firstOf(pagesOfUploads(listing(signal))),
    },
    { name: 'ListObjectVersions', permission: 's3:ListBucketVersions', run: listObjects },
    {
      name: 'AbortMultipartUpload',
      permission: 's3:AbortMultipartUpload',
      run: (abortSignal) =>
        client.send(new AbortMultipartUploadCommand({ Bucket, Key: KEY, UploadId: 'none' }), { abortSignal }),
      // Servers differ in their response for an upload that never existed.
      expected: ['NoSuchUpload', 'NoSuchKey', 'InvalidArgument', 'InvalidRequest'],
    },
    {
      name: 'DeleteObjects',
      permission: 's3:DeleteObject and s3:DeleteObjectVersion',
      run: async (signal) => {
        // With a version id, the bucket writes no delete marker.
        const nothing = { key: KEY, versionId: 'null', size: 0 };
        const [refusal] = await new ObjectDeleter(client, Bucket).delete([nothing], { signal });
        if (refusal) throw Object.assign(new Error(), { name: refusal.code, $metadata: { httpStatusCode: 200 } });
      },
    },
  ];
  return { exists, read, deletion };
};

/** Reads the first page of a list. Throws if it is not a list, or has keys that are not under the prefix. */
const firstOf = async (pages: AsyncIterable<ListPage>): Promise<void> => {
  for await (const _page of pages) return;
};
