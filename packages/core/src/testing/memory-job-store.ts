import { UnreadableJob } from '../errors.ts';
import { parseJobId, parseUserId, type JobId, type UserId } from '../identifiers.ts';
import { describeStatus } from '../job-status.ts';
import type { Job, JobSummary } from '../job.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { JobStore, ListOptions, ListRange } from '../ports/job-store.ts';
import { Stall } from './stall.ts';

/** A job as the uploader and the processor store it: all but the key may be missing, and the status is a plain string. */
export type JobRecord = Partial<Omit<Job, 'status' | 'userId' | 'jobId'>> & {
  readonly userId: string;
  readonly jobId: number;
  readonly status?: string;
};

const UNREADABLE = Symbol('unreadable');

/** A {@link JobStore} in memory that is as strict as a real one: it pages, aborts, and fails on demand. */
export class MemoryJobStore implements JobStore {
  /** While an error is set for a method, that method rejects with it. */
  readonly failures: Partial<Record<'find' | 'list' | 'listByIds' | 'delete', Error>> = {};
  readonly #jobs = new Map<UserId, Map<JobId, Job | typeof UNREADABLE>>();
  readonly #pageSize: number;
  readonly #stall = new Stall();

  constructor({ pageSize = 2 }: { pageSize?: number } = {}) {
    this.#pageSize = pageSize;
  }

  /** Stores a job the way another program would, in place of one with the same key. */
  put(record: JobRecord): void {
    const userId = parseUserId(record.userId);
    const jobId = parseJobId(record.jobId);
    this.#jobsOf(userId).set(jobId, {
      jobName: null,
      date: null,
      totalSize: 0,
      creditsSpent: 0,
      email: null,
      objectUuidNames: {},
      mediaLength: {},
      failedToProcess: {},
      ...record,
      userId,
      jobId,
      status: describeStatus(record.status),
    });
  }

  /** Stores a record that cannot be read. */
  putUnreadable(userId: string, jobId: number): void {
    this.#jobsOf(parseUserId(userId)).set(parseJobId(jobId), UNREADABLE);
  }

  /** Whether there is a record, readable or not. */
  has(userId: string, jobId: number): boolean {
    return this.#jobsOf(parseUserId(userId)).has(parseJobId(jobId));
  }

  /** Makes every call wait, until the function that is returned is called. */
  stall(): () => void {
    return this.#stall.begin();
  }

  async find(userId: UserId, jobId: JobId, { signal }: CallOptions = {}): Promise<Job | undefined> {
    await this.#enter('find', signal);
    const found = this.#jobsOf(userId).get(jobId);
    if (found === UNREADABLE) throw this.#unreadable(userId, jobId);
    return found;
  }

  async *list(
    userId: UserId,
    { order = 'asc', after }: ListRange = {},
    { signal, onUnreadable }: ListOptions = {},
  ): AsyncIterable<readonly JobSummary[]> {
    const direction = order === 'asc' ? 1 : -1;
    const ids = [...this.#jobsOf(userId).keys()]
      .filter((id) => after === undefined || direction * (id - after) > 0)
      .sort((a, b) => direction * (a - b));
    for (let start = 0; start === 0 || start < ids.length; start += this.#pageSize) {
      await this.#enter('list', signal);
      yield this.#summaries(userId, ids.slice(start, start + this.#pageSize), onUnreadable);
    }
  }

  async listByIds(
    userId: UserId,
    jobIds: readonly JobId[],
    { signal, onUnreadable }: ListOptions = {},
  ): Promise<readonly JobSummary[]> {
    await this.#enter('listByIds', signal);
    return this.#summaries(userId, jobIds, onUnreadable);
  }

  async delete(userId: UserId, jobId: JobId, { signal }: CallOptions = {}): Promise<boolean> {
    await this.#enter('delete', signal);
    return this.#jobsOf(userId).delete(jobId);
  }

  #summaries(userId: UserId, ids: readonly JobId[], onUnreadable: ListOptions['onUnreadable']): readonly JobSummary[] {
    const summaries: JobSummary[] = [];
    for (const id of ids) {
      const job = this.#jobsOf(userId).get(id);
      if (job === UNREADABLE) onUnreadable?.(this.#unreadable(userId, id));
      else if (job) summaries.push(summaryOf(job));
    }
    return summaries;
  }

  async #enter(method: keyof typeof this.failures, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    await this.#stall.wait(signal);
    const failure = this.failures[method];
    if (failure) throw failure;
  }

  #jobsOf(userId: UserId): Map<JobId, Job | typeof UNREADABLE> {
    const jobs = this.#jobs.get(userId) ?? new Map<JobId, Job | typeof UNREADABLE>();
    this.#jobs.set(userId, jobs);
    return jobs;
  }

  #unreadable(userId: UserId, jobId: JobId): UnreadableJob {
    return new UnreadableJob(userId, String(jobId), 'it was stored as unreadable');
  }
}

/** Returns only what a list shows, so that no caller relies on more than the port promises. */
const summaryOf = ({ jobId, jobName, date, totalSize, creditsSpent, status }: Job): JobSummary => ({
  jobId,
  jobName,
  date,
  totalSize,
  creditsSpent,
  status,
});
