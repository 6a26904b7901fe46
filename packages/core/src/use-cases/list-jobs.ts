import type { UserId } from '../identifiers.ts';
import type { JobSummary } from '../job.ts';
import type { JobStore, ListOptions } from '../ports/job-store.ts';

/** All jobs of a user, by ascending id. */
export type ListJobs = (user: UserId, options?: ListOptions) => Promise<readonly JobSummary[]>;

export const listJobs =
  ({ jobStore }: { jobStore: JobStore }): ListJobs =>
  async (user, options) => {
    const jobs: JobSummary[] = [];
    for await (const page of jobStore.list(user, options)) for (const job of page) jobs.push(job);
    return jobs;
  };
