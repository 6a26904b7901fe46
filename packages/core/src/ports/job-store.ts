import type { UnreadableJob } from '../errors.ts';
import type { JobId, UserId } from '../identifiers.ts';
import type { Job, JobSummary } from '../job.ts';
import type { CallOptions } from './call-options.ts';

/** The part of a user's jobs that a list reads, and its order. */
export interface ListRange {
  /** Order of the job ids. Default: ascending. */
  readonly order?: 'asc' | 'desc';
  /** Starts after this id, whether or not there is such a job. */
  readonly after?: JobId | undefined;
  /** Number of jobs that the caller will read, if it is known. A hint, so that an adapter can fetch no more than these. */
  readonly sizeHint?: number | undefined;
}

export interface ListOptions extends CallOptions {
  /** Is called with every record that a list leaves out because it cannot be read. */
  readonly onUnreadable?: (error: UnreadableJob) => void;
}

/** Keeps the records of jobs. Any method may throw {@link Unavailable}, and can be aborted. */
export interface JobStore {
  /**
   * Returns the job, or `undefined` if the user has none with that id. Sees every write that has returned.
   *
   * @throws UnreadableJob if there is a record that cannot be read
   */
  find(userId: UserId, jobId: JobId, options?: CallOptions): Promise<Job | undefined>;

  /**
   * Returns the user's jobs in that range, in pages as the store delivers them; a page may be empty. The list is complete
   * or an error, never cut short. It may trail the latest writes by a moment. A record that cannot be read is left out and
   * passed to `onUnreadable`.
   */
  list(userId: UserId, range?: ListRange, options?: ListOptions): AsyncIterable<readonly JobSummary[]>;

  /**
   * Returns what a list shows of these jobs, in any order. Ids that the user does not have are left out. Fetches no other
   * job, so that clients can poll a few jobs of a long list. Everything else is as for {@link list}.
   *
   * @param jobIds each of them once
   */
  listByIds(userId: UserId, jobIds: readonly JobId[], options?: ListOptions): Promise<readonly JobSummary[]>;

  /**
   * Deletes the record, readable or not, and returns whether there was one. A caller may repeat it; after a retry of its
   * own, an adapter may return `false` for a record that it has deleted.
   */
  delete(userId: UserId, jobId: JobId, options?: CallOptions): Promise<boolean>;
}
