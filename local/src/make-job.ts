import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { describeStatus } from '@jobs-api/core';
import type { LocalStack } from './stack.ts';

/** The document that processing writes about a file. */
interface FileResult {
  readonly duration_seconds?: number;
}

export interface JobFile {
  readonly name: string;
  readonly body: Buffer;
  /** The media type of the file. */
  readonly type: string;
  /** Result of processing, or the reason why it fails. */
  readonly result: FileResult | Error;
}

export interface NewJob {
  readonly userId: string;
  readonly jobId: number;
  readonly jobName: string;
  readonly date: Date;
  readonly status: string;
  readonly files: readonly JobFile[];
}

const JSON_TYPE = 'application/json';

/**
 * Does what the uploader and the processor do. The last file of a pending job is an unfinished upload. A job whose status
 * says that it succeeded has results.
 */
export const makeJob = async ({ table, bucket }: LocalStack, job: NewJob): Promise<void> => {
  const prefix = `${job.userId}/${job.jobId}/`;
  const files = job.files.map((file) => ({ ...file, uuid: objectUuid(prefix + file.name) }));
  const isPending = job.status === 'pending';
  const { hasResults } = describeStatus(job.status);

  await Promise.all([
    ...(isPending ? files.slice(0, -1) : files).map(({ uuid, body, type }) => bucket.put(prefix + uuid, body, type)),
    isPending ? bucket.startUpload(`${prefix}${files.at(-1)?.uuid}`) : bucket.put(`${prefix}DONE`, ''),
    ...files.flatMap(({ uuid, result }) =>
      hasResults && !(result instanceof Error)
        ? [
            bucket.put(`${prefix}results/${uuid}.json`, JSON.stringify(result, null, 2), JSON_TYPE),
            bucket.put(`${prefix}results/${uuid}.min.json`, JSON.stringify(result), JSON_TYPE),
          ]
        : [],
    ),
  ]);

  const succeeded = files.filter(({ result }) => !(result instanceof Error));
  const failed = files.filter(({ result }) => result instanceof Error);
  await table.put({
    userId: job.userId,
    jobId: job.jobId,
    jobName: job.jobName,
    date: timestamp(job.date),
    email: `${job.userId}@example.com`,
    totalSize: files.reduce((size, { body }) => size + body.length, 0),
    creditsSpent: job.status === 'success_credits_restored' ? succeeded.length : files.length,
    objectUuidNames: Object.fromEntries(files.map(({ uuid, name }) => [uuid, name])),
    mediaLength: Object.fromEntries(files.map(({ uuid, result }) => [uuid, lengthOf(result)])),
    failedToProcess: hasResults ? Object.fromEntries(failed.map(({ uuid }) => [uuid, 'The file cannot be read'])) : {},
    status: job.status,
  });
};

/** Returns the same object uuid for the same file of the same job, so that links in the documentation work everywhere. */
const objectUuid = (path: string): string => {
  const hex = createHash('sha256').update(path).digest('hex');
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');
  return (
    uuid +
    extname(path)
      .toLowerCase()
      .replaceAll(/[^a-z0-9.]/g, '')
  );
};

/** Seconds of what has a duration; anything else counts as one. */
const lengthOf = (result: FileResult | Error): number => (result instanceof Error ? 0 : (result.duration_seconds ?? 1));

/** `2020-01-01 12:00:00.000000000 UTC` */
const timestamp = (date: Date): string => date.toISOString().replace('T', ' ').replace('Z', '000000 UTC');
