import { JobNotFound } from '../errors.ts';
import { isObjectUuid } from '../identifiers.ts';
import type { JobId, UserId } from '../identifiers.ts';
import { objectsWithResults } from '../job.ts';
import type { Job } from '../job.ts';
import { fullResultKey, minResultKey, uploadedFileKey } from '../object-keys.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { ObjectStore } from '../ports/object-store.ts';

export interface GetJobOptions extends CallOptions {
  /** Whether to link the uploaded files as well. */
  readonly objectUrls?: boolean;
}

/** Presigned URLs of what processing made of one object. */
export interface ResultUrls {
  readonly full: string;
  readonly min: string;
}

export interface JobWithLinks {
  readonly job: Job;
  /** Keyed by object uuid; empty where the job has no results (yet). */
  readonly results: Readonly<Record<string, ResultUrls>>;
  /** Presigned URLs of the uploaded files, keyed by object uuid, where they were asked for. */
  readonly objectUrls: Readonly<Record<string, string>> | undefined;
  /** When the links stop working; `undefined` where there are none. */
  readonly expiresAt: Date | undefined;
}

/**
 * One job of a user, with links to its results and, where asked for, to its files.
 *
 * @throws JobNotFound where the user has no such job
 * @throws UnreadableJob where its record cannot be understood
 */
export type GetJob = (user: UserId, jobId: JobId, options?: GetJobOptions) => Promise<JobWithLinks>;

export const getJob =
  ({ jobStore, objectStore }: { jobStore: JobStore; objectStore: ObjectStore }): GetJob =>
  async (user, jobId, options) => {
    const job = await jobStore.find(user, jobId, options);
    if (job === undefined) throw new JobNotFound(jobId);

    const processed = objectsWithResults(job);
    const uploaded = options?.objectUrls ? Object.keys(job.objectUuidNames).filter(isObjectUuid) : [];
    const { urls, expiresAt } = await objectStore.presign(
      [
        ...processed.map((object) => fullResultKey(user, jobId, object)),
        ...processed.map((object) => minResultKey(user, jobId, object)),
        ...uploaded.map((object) => uploadedFileKey(user, jobId, object)),
      ],
      options,
    );
    // One URL for each key, in the order of the keys.
    const url = (index: number) => urls[index] as string;
    const results = newRecord<ResultUrls>();
    for (const [index, object] of processed.entries())
      results[object] = { full: url(index), min: url(processed.length + index) };
    const objectUrls = newRecord<string>();
    for (const [index, object] of uploaded.entries()) objectUrls[object] = url(2 * processed.length + index);
    return {
      job,
      results,
      objectUrls: options?.objectUrls ? objectUrls : undefined,
      expiresAt: urls.length > 0 ? expiresAt : undefined,
    };
  };

/** Without a prototype: with one, a JavaScript engine would have to guess that there will be thousands of keys. */
const newRecord = <Value>() => Object.create(null) as Record<string, Value>;
