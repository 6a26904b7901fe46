import { isObjectUuid } from './identifiers.ts';
import type { JobId, ObjectUuid, UserId } from './identifiers.ts';
import type { JobStatus } from './job-status.ts';

/** What a list shows of a job. */
export interface JobSummary {
  readonly jobId: JobId;
  readonly jobName: string | null;
  /** When the job was made, as its maker wrote it, e.g. `2020-01-01 12:00:00.000000000 UTC`. */
  readonly date: string | null;
  /** All uploaded files together, in bytes. */
  readonly totalSize: number;
  readonly creditsSpent: number;
  readonly status: JobStatus;
}

/**
 * One batch of files that a user asked to have processed. The maps are keyed by object uuid, as stored: a key is
 * whatever another program wrote, and becomes an {@link ObjectUuid} only in {@link objectsWithResults}.
 */
export interface Job extends JobSummary {
  readonly userId: UserId;
  readonly email: string | null;
  /** Object uuid to the name that the file had on the user's machine. */
  readonly objectUuidNames: Readonly<Record<string, string>>;
  /** Object uuid to length: seconds of sound or video, pages, whatever the processor counts for that kind of file. */
  readonly mediaLength: Readonly<Record<string, number>>;
  /** Object uuid to the reason why that file could not be processed. */
  readonly failedToProcess: Readonly<Record<string, string>>;
}

/** The objects whose results exist: none before the job succeeded, and never one that failed to process. */
export const objectsWithResults = (job: Job): readonly ObjectUuid[] =>
  job.status.hasResults
    ? Object.keys(job.objectUuidNames)
        .filter(isObjectUuid)
        .filter((object) => !Object.hasOwn(job.failedToProcess, object))
    : [];
