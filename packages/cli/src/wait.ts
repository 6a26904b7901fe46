import type { JobSummary } from '@jobs-api/client';
import { commonExitCode, EXIT } from './exit-code.ts';
import { print, printJson, statusOf, visible } from './output.ts';
import { startProgress, type ProgressBar } from './progress.ts';
import type { Session } from './session.ts';

/** Waits, and prints the outcome of each job, also of those that are finished when the wait fails. */
export const waitForJobs = async ({ jobs, signal, isJson }: Session, ids: readonly number[]): Promise<number> => {
  const progress = startProgress();
  const outcomes = new Map<number, JobSummary | undefined>();
  try {
    const bars = new Map<number, ProgressBar>();
    for (const id of ids) if (!bars.has(id)) bars.set(id, progress.add(100, `job ${id}`));
    await jobs.waitFor(ids, {
      signal,
      onUpdate: (id, job) => {
        const percent = job?.finished === true ? 100 : (job?.progress_percent ?? 0);
        bars.get(id)?.update(percent, `job ${id}: ${job ? statusOf(job) : 'gone'}`);
        if (job?.finished !== false) outcomes.set(id, job);
      },
    });
  } finally {
    progress.stop();
    for (const [id, job] of outcomes)
      if (isJson) printJson(job ?? { job_id: id, gone: true });
      else print(`${id}: ${job ? `${visible(job.status)}, ${visible(job.status_meaning)}` : 'gone'}`);
  }
  return commonExitCode([...outcomes.values()].map(exitCodeOf));
};

const exitCodeOf = (job: JobSummary | undefined): number => {
  if (!job) return EXIT.noSuchJob;
  return job.status.startsWith('success') ? EXIT.ok : EXIT.failed;
};
