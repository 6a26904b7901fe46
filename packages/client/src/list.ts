import type { JobPage, JobSummary } from './responses.ts';

/**
 * All jobs of a list, one after the other. Each page is requested when the one before is used up.
 *
 * The list ends only after its last job. If a page cannot be fetched, `next` rejects, and the `next` after that
 * requests the same page again: a second `for await` over the same object continues with the first job that is missing,
 * also after `break`.
 */
export type JobList = AsyncIterableIterator<JobSummary, undefined, undefined>;

export const listOf = (fetchPage: (cursor: string | undefined) => Promise<JobPage>): JobList => {
  let page: JobPage | undefined;
  let position = 0;
  const step = async (): Promise<IteratorResult<JobSummary, undefined>> => {
    for (;;) {
      const job = page?.jobs[position];
      if (job) {
        position++;
        return { done: false, value: job };
      }
      if (page && page.nextCursor === undefined) return { done: true, value: undefined };
      page = await fetchPage(page?.nextCursor);
      position = 0;
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  const list: JobList = {
    // One after the other, also if the caller does not wait.
    next: () => {
      const result = last.then(step);
      last = result.catch(() => undefined);
      return result;
    },
    [Symbol.asyncIterator]: () => list,
  };
  return list;
};
