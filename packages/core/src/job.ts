import { isObjectUuid, type JobId, type ObjectUuid, type UserId } from './identifiers.ts';
import type { JobStatus } from './job-status.ts';

/** The fields of a job that a list shows. */
export interface JobSummary {
  readonly jobId: JobId;
  readonly jobName: string | null;
  /** Time of creation, as the uploader wrote it, such as `2020-01-01 12:00:00.000000000 UTC`. */
  readonly date: string | null;
  /** Size of all uploaded files together, in bytes. */
  readonly totalSize: number;
  readonly creditsSpent: number;
  readonly status: JobStatus;
}

/**
 * One batch of files that a user submitted for processing. The maps are keyed by object uuid, as stored: their keys are
 * not parsed. {@link objectsWithResults} parses them as {@link ObjectUuid}.
 */
export interface Job extends JobSummary {
  readonly userId: UserId;
  readonly email: string | null;
  /** Object uuid to the name of the file on the user's machine. */
  readonly objectUuidNames: Readonly<Record<string, string>>;
  /** Object uuid to length, in the unit of the processor for that kind of file: seconds, pages. */
  readonly mediaLength: Readonly<Record<string, number>>;
  /** Object uuid to the reason for which that file could not be processed. */
  readonly failedToProcess: Readonly<Record<string, string>>;
}

/** Returns the objects that have results: none before the job succeeded, and none that failed to process. */
export const objectsWithResults = (job: Job): readonly ObjectUuid[] =>
  job.status.hasResults
    ? Object.keys(job.objectUuidNames)
        .filter(isObjectUuid)
        .filter((objectUuid) => !Object.hasOwn(job.failedToProcess, objectUuid))
    : [];
