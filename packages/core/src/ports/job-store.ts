import type { UnreadableJob } from '../errors.ts';
import type { JobId, UserId } from '../identifiers.ts';
import type { Job, JobSummary } from '../job.ts';
import type { CallOptions } from './call-options.ts';

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
   * The user's jobs by ascending id, in pages as the store delivers them; a page may be empty. Whole or an error,
   * never cut short. May trail the latest writes by a moment. One unreadable record does not spoil the list: it is
   * left out and reported to `onUnreadable`.
   */
  list(user: UserId, options?: ListOptions): AsyncIterable<readonly JobSummary[]>;

  /** Forgets the job, readable or not. Forgetting one that is not there succeeds, so a caller may repeat it. */
  delete(user: UserId, job: JobId, options?: CallOptions): Promise<void>;
}
