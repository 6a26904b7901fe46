import type { UnreadableJob } from '../errors.ts';
import type { JobId, UserId } from '../identifiers.ts';
import type { Job, JobSummary } from '../job.ts';
import type { CallOptions } from './call-options.ts';

/** Which of a user's jobs a list goes through, and in which order. */
export interface ListRange {
  /** By job id; ascending unless it says `desc`. */
  readonly order?: 'asc' | 'desc';
  /** Begins behind this id, whether or not there is such a job. */
  readonly after?: JobId | undefined;
  /** How many jobs the caller will look at, where it knows: a hint, so that no more than these need be read. */
  readonly sizeHint?: number | undefined;
}

export interface ListOptions extends CallOptions {
  /** Told of every record that a list leaves out because it cannot be understood. */
  readonly onUnreadable?: (error: UnreadableJob) => void;
}

/** Where jobs are kept. Any method may throw {@link Unavailable}, and can be aborted. */
export interface JobStore {
  /**
   * The job, or `undefined` where that user has none with that id. Sees every write that has returned.
   *
   * @throws UnreadableJob where the record is there but cannot be understood
   */
  find(user: UserId, job: JobId, options?: CallOptions): Promise<Job | undefined>;

  /**
   * The user's jobs in that range, in pages as the store delivers them; a page may be empty. Whole or an error, never
   * cut short. May trail the latest writes by a moment. One unreadable record does not spoil the list: it is left out
   * and reported to `onUnreadable`.
   */
  list(user: UserId, range?: ListRange, options?: ListOptions): AsyncIterable<readonly JobSummary[]>;

  /** Forgets the job, readable or not. Forgetting one that is not there succeeds, so a caller may repeat it. */
  delete(user: UserId, job: JobId, options?: CallOptions): Promise<void>;
}
