import type { KnownJobStatus, ListJobsOptions } from '@jobs-api/client';
import { EXIT } from './exit-code.ts';
import { print, printJob, printJobsHeader, printJson } from './output.ts';
import type { Session } from './session.ts';

export interface ListOptions {
  readonly status?: string;
  readonly name?: string;
  readonly after?: string;
  readonly before?: string;
  readonly order?: 'asc' | 'desc';
  readonly limit?: number;
}

const PAGE_SIZE = 100;

/** Prints jobs as they are fetched, so that the first ones do not wait for the last. */
export const listJobs = async ({ jobs, signal, isJson }: Session, options: ListOptions): Promise<number> => {
  const { status, name, after: createdAfter, before: createdBefore, order, limit = Infinity } = options;
  const query: ListJobsOptions = {
    // The service rejects a status that does not exist, and says which there are.
    status: status?.split(',') as KnownJobStatus[] | undefined,
    name,
    createdAfter,
    createdBefore,
    order,
    pageSize: Math.min(limit, PAGE_SIZE),
    signal,
  };
  let printed = 0;
  for await (const job of jobs.list(query)) {
    if (isJson) printJson(job);
    else {
      if (printed === 0) printJobsHeader();
      printJob(job);
    }
    if (++printed >= limit) break;
  }
  if (printed === 0 && !isJson) print('No jobs');
  return EXIT.ok;
};
