import type { JobId, UserId } from '../identifiers.ts';
import { jobMatcher, type JobFilter } from '../job-filter.ts';
import type { JobSummary } from '../job.ts';
import type { JobStore, ListOptions } from '../ports/job-store.ts';

/** Which jobs to list. Default: all of them, by ascending id. */
export interface ListQuery extends JobFilter {
  readonly order?: 'asc' | 'desc';
  /** Lists these jobs only, each of them once. `after` and `limit` are then ignored. */
  readonly jobIds?: readonly JobId[] | undefined;
  /** Starts after this id: the `next` of an earlier page. */
  readonly after?: JobId | undefined;
  /** How many jobs a page may hold. Without it there is one page, with all of them. */
  readonly limit?: number | undefined;
  /** Ends a page that has a limit and a filter early when it aborts: there may be many jobs to read for each that matches. */
  readonly pageEnd?: AbortSignal | undefined;
}

export interface JobPage {
  /** As many as the limit allows, unless this is the last page or it was ended early. */
  readonly jobs: readonly JobSummary[];
  /** `after` of the next page: the last job that was read. `undefined` if there are no more. */
  readonly next: JobId | undefined;
}

/** Returns a user's jobs, all of them or page by page. */
export type ListJobs = (userId: UserId, query?: ListQuery, options?: ListOptions) => Promise<JobPage>;

export const listJobs =
  ({ jobStore }: { jobStore: JobStore }): ListJobs =>
  async (userId, { order = 'asc', jobIds, after, limit = Infinity, pageEnd, ...filter } = {}, options) => {
    const matches = jobMatcher(filter);
    if (jobIds) {
      const found = await jobStore.listByIds(userId, [...new Set(jobIds)], options);
      const ascending = [...found].sort((one, other) => one.jobId - other.jobId);
      const sorted = order === 'asc' ? ascending : ascending.reverse();
      return { jobs: matches ? sorted.filter(matches) : sorted, next: undefined };
    }

    const jobs: JobSummary[] = [];
    let last: JobId | undefined;
    // One more than the limit, because only the next job shows that there is a next page.
    const sizeHint = !matches && limit < Infinity ? limit + 1 : undefined;
    for await (const page of jobStore.list(userId, { order, after, sizeHint }, options)) {
      for (const job of page) {
        if (!matches || matches(job)) {
          if (jobs.length === limit) return { jobs, next: last };
          jobs.push(job);
        }
        last = job.jobId;
      }
      if (matches && pageEnd?.aborted && last !== undefined && limit < Infinity) return { jobs, next: last };
    }
    return { jobs, next: undefined };
  };
