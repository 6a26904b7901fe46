import type { JobsClient, JobSummary } from '@jobs-api/client';

/** Follows the jobs that are shown until each is finished, and reports what changes. One set of jobs at a time. */
export interface Live {
  /** Follows these jobs from now on, in place of those before. */
  readonly follow: (jobs: JobsClient['jobs'], jobIds: Iterable<number>) => void;
  readonly stop: () => void;
}

/**
 * @param onUpdate is called with each change; with `undefined` when the job is gone
 * @param onFailure is called when the service does not respond any more
 */
export const createLive = (
  onUpdate: (jobId: number, job: JobSummary | undefined) => void,
  onFailure: (error: unknown) => void,
): Live => {
  let controller = new AbortController();
  const stop = () => {
    controller.abort();
  };
  return {
    stop,
    follow: (jobs, jobIds) => {
      stop();
      controller = new AbortController();
      const { signal } = controller;
      jobs.waitFor(jobIds, { signal, onUpdate }).catch((error: unknown) => {
        if (!signal.aborted) onFailure(error);
      });
    },
  };
};
