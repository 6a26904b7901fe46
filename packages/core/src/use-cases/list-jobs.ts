import type { JobId, UserId } from '../identifiers.ts';
import type { KnownStatusCode } from '../job-status.ts';
import type { JobSummary } from '../job.ts';
import type { JobStore, ListOptions } from '../ports/job-store.ts';

/** Which jobs to list; all of them, by ascending id, unless it says otherwise. */
export interface ListQuery {
  readonly order?: 'asc' | 'desc';
  /** Begins behind this id: what an earlier page gave as its `next`. */
  readonly after?: JobId | undefined;
  /** Only jobs with this code, as it is read from what is stored. */
  readonly status?: KnownStatusCode | undefined;
  /** How many jobs a page may hold. Without it there is one page, with all of them. */
  readonly limit?: number | undefined;
  /** Ends a page with a limit early, once it aborts: there may be many jobs to look at for each with the wanted status. */
  readonly pageEnd?: AbortSignal | undefined;
}

export interface JobPage {
  /** As many as the limit allows, unless this is the last page or was ended early. */
  readonly jobs: readonly JobSummary[];
  /** Where to go on: the last job that was looked at. `undefined` where there are no more. */
  readonly next: JobId | undefined;
}

/** A user's jobs, all of them or page by page. */
export type ListJobs = (user: UserId, query?: ListQuery, options?: ListOptions) => Promise<JobPage>;

export const listJobs =
  ({ jobStore }: { jobStore: JobStore }): ListJobs =>
  async (user, { order = 'asc', after, status, limit = Infinity, pageEnd } = {}, options) => {
    const jobs: JobSummary[] = [];
    let last: JobId | undefined;
    // Whether there is a next page, only the job behind this one tells. Where all count, no more need be read.
    const sizeHint = status === undefined && limit < Infinity ? limit + 1 : undefined;
    for await (const page of jobStore.list(user, { order, after, sizeHint }, options)) {
      for (const job of page) {
        if (status === undefined || job.status.code === status) {
          if (jobs.length === limit) return { jobs, next: last };
          jobs.push(job);
        }
        last = job.jobId;
      }
      if (pageEnd?.aborted && last !== undefined && limit < Infinity) return { jobs, next: last };
    }
    return { jobs, next: undefined };
  };
