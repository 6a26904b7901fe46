import { JobsApiError } from './error.ts';
import type { JobSummary } from './responses.ts';
import type { CallOptions } from './send.ts';
import { sleep } from './sleep.ts';

export interface WaitOptions extends CallOptions {
  /** Called with each job when it is first seen and whenever it has changed; with `undefined` when it is gone. */
  readonly onUpdate?: ((jobId: number, job: JobSummary | undefined) => void) | undefined;
}

const SHORTEST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 15_000;
const GROWTH = 1.5;
/** Most ids that one request may have. */
const CHUNK = 100;
/** How many times in a row the service may be unavailable: 20 seconds after a change, a minute when nothing has changed. */
const OUTAGE = 4;

/**
 * Requests these jobs again and again until each is finished or gone. The delay grows while nothing changes. A job is
 * gone if two requests in a row do not find it: one alone may come before the record of a new job can be read everywhere.
 * Once the service has responded, a wait outlasts a restart of it.
 *
 * @param fetchJobs returns those of the jobs that exist
 * @returns the jobs that are finished
 */
export const waitForAll = async (
  jobIds: Iterable<number>,
  fetchJobs: (jobIds: readonly number[]) => Promise<readonly JobSummary[]>,
  { signal, onUpdate }: WaitOptions,
): Promise<Map<number, JobSummary>> => {
  const finished = new Map<number, JobSummary>();
  const waiting = new Set(jobIds);
  /** Each job as it was when it was last seen, as text; empty if it was not found. */
  const seen = new Map<number, string>();
  let delay = SHORTEST_DELAY_MS;
  let failures = 0;
  while (waiting.size > 0) {
    await sleep(delay, signal);
    delay = Math.min(delay * GROWTH, LONGEST_DELAY_MS);
    const ids = [...waiting];
    for (let start = 0; start < ids.length; start += CHUNK) {
      const chunk = ids.slice(start, start + CHUNK);
      let jobs: readonly JobSummary[];
      try {
        jobs = await fetchJobs(chunk);
        failures = 0;
      } catch (error) {
        const mayPass = !(error instanceof JobsApiError) || error.code === 'UNAVAILABLE';
        if (signal?.aborted === true || !mayPass || seen.size === 0 || ++failures > OUTAGE) throw error;
        break;
      }
      const found = new Map(jobs.map((job) => [job.job_id, job]));
      for (const jobId of chunk) {
        const job = found.get(jobId);
        const before = seen.get(jobId);
        const now = job ? JSON.stringify(job) : '';
        const isGone = now === '' && before === '';
        seen.set(jobId, now);
        if (now !== before) delay = SHORTEST_DELAY_MS;
        if (job?.finished === true) finished.set(jobId, job);
        if (job?.finished === true || isGone) waiting.delete(jobId);
        if (isGone || (job && now !== before)) onUpdate?.(jobId, job);
      }
    }
  }
  return finished;
};
