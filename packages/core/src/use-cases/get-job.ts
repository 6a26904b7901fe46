import { JobNotFound } from '../errors.ts';
import type { JobId, UserId } from '../identifiers.ts';
import { objectsWithResults } from '../job.ts';
import type { Job } from '../job.ts';
import { fullResultKey, minResultKey } from '../object-keys.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { ObjectStore } from '../ports/object-store.ts';

/** Presigned URLs of what processing made of one object. */
export interface ResultUrls {
  readonly full: string;
  readonly min: string;
}

export interface JobWithResults {
  readonly job: Job;
  /** Keyed by object uuid; empty where the job has no results (yet). */
  readonly results: Readonly<Record<string, ResultUrls>>;
}

/**
 * One job of a user, with links to its results.
 *
 * @throws JobNotFound where the user has no such job
 * @throws UnreadableJob where its record cannot be understood
 */
export type GetJob = (user: UserId, jobId: JobId, options?: CallOptions) => Promise<JobWithResults>;

export const getJob =
  ({ jobStore, objectStore }: { jobStore: JobStore; objectStore: ObjectStore }): GetJob =>
  async (user, jobId, options) => {
    const job = await jobStore.find(user, jobId, options);
    if (job === undefined) throw new JobNotFound(jobId);

    const objects = objectsWithResults(job);
    const keys = objects.flatMap((object) => [fullResultKey(user, jobId, object), minResultKey(user, jobId, object)]);
    const urls = await objectStore.presign(keys, options);
    const results = objects.map((object, index) => {
      const [full, min] = urls.slice(2 * index) as [string, string];
      return [object, { full, min }] as const;
    });
    return { job, results: Object.fromEntries(results) };
  };
