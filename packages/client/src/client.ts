import { deleteAll, type DeleteResult } from './delete-many.ts';
import { JobsApiError } from './error.ts';
import { listOf, type JobList } from './list.ts';
import type { DeleteReceipt, JobPage, JobSummary, JobWithLinks, KnownJobStatus, ObjectUrl } from './responses.ts';
import { createSend, type CallOptions, type JobsClientOptions } from './send.ts';
import { waitForAll, type WaitOptions } from './wait-for.ts';

interface JobFilter extends CallOptions {
  /** Only jobs of this status, or of one of these. */
  readonly status?: KnownJobStatus | readonly KnownJobStatus[] | undefined;
  /** Only jobs whose name contains this. */
  readonly name?: string | undefined;
  /** Only jobs that were submitted after this time (RFC 3339). */
  readonly createdAfter?: Date | string | undefined;
  /** Only jobs that were submitted before this time (RFC 3339). */
  readonly createdBefore?: Date | string | undefined;
  /** Ascending or descending job ids: `asc` by default. */
  readonly order?: 'asc' | 'desc' | undefined;
}

export interface ListJobsOptions extends JobFilter {
  /** How many jobs one request returns, 1 to 1000: 100 by default. */
  readonly pageSize?: number | undefined;
}

export interface JobPageOptions extends JobFilter {
  /** Most jobs of this page, 1 to 1000. Without it, the page is the whole list. */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before, of the same order and filters. */
  readonly cursor?: string | undefined;
  /** Only these jobs, at most 100; not together with `limit` or `cursor`. */
  readonly jobIds?: readonly number[] | undefined;
}

interface LinkOptions extends CallOptions {
  /** Longest lifetime of links, in seconds; the service may have a shorter one. */
  readonly expiresIn?: number | undefined;
}

export interface DeleteJobOptions extends CallOptions {
  /** `finished` deletes a finished job only; if it is not, the error is `JOB_NOT_FINISHED`. */
  readonly onlyIf?: 'finished' | undefined;
  /** Returns a receipt. It counts what the last attempt removed: after a retry, that may be less than all. */
  readonly include?: 'receipt' | undefined;
}

export interface DeleteJobsOptions extends DeleteJobOptions {
  /** How many jobs are deleted at the same time: 4 by default. */
  readonly concurrency?: number | undefined;
}

/**
 * Every call rejects with a {@link JobsApiError} if the response is not the documented success, and with `fetch`'s own
 * error if there is no response; both after the retries.
 */
export interface JobsClient {
  readonly jobs: {
    /** Every job, one after the other. */
    readonly list: (options?: ListJobsOptions) => JobList;
    /** One page of the list, for callers that keep their own place in it. */
    readonly page: (options?: JobPageOptions) => Promise<JobPage>;
    /** @param options `include: 'object-urls'` adds a link to every uploaded file */
    readonly get: (
      jobId: number,
      options?: LinkOptions & { readonly include?: 'object-urls' | undefined },
    ) => Promise<JobWithLinks>;
    /**
     * A link to an uploaded file or to a result of it. The service does not check that the file exists.
     *
     * @param options `result` links to that result instead of the file; `downloadAs` makes browsers save it as this name
     */
    readonly objectUrl: (
      jobId: number,
      objectUuid: string,
      options?: LinkOptions & {
        readonly downloadAs?: string | undefined;
        readonly result?: 'full' | 'min' | undefined;
      },
    ) => Promise<ObjectUrl>;
    /**
     * Waits until a job is finished or gone. The first request is sent after a second; the pauses grow to 15 seconds and
     * start again from a second when something changes.
     *
     * @returns the finished job, `undefined` if there is no such job (any more); with several ids, the finished ones
     */
    readonly waitFor: {
      (jobId: number, options?: WaitOptions): Promise<JobSummary | undefined>;
      (jobIds: Iterable<number>, options?: WaitOptions): Promise<ReadonlyMap<number, JobSummary>>;
    };
    /** Deletes a job with all its files and results. It may be repeated: a job that does not exist is not an error. */
    readonly delete: (jobId: number, options?: DeleteJobOptions) => Promise<DeleteReceipt | undefined>;
    /**
     * Deletes jobs, several at a time, and returns each outcome when it is known. It throws only when the signal
     * aborts. No further delete is started after `break`.
     */
    readonly deleteMany: (
      jobIds: Iterable<number>,
      options?: DeleteJobsOptions,
    ) => AsyncGenerator<DeleteResult, void, undefined>;
  };
}

/** Makes a client of the Jobs API. It needs nothing but `fetch`. */
export const createJobsClient = (options: JobsClientOptions): JobsClient => {
  const send = createSend(options);

  const page: JobsClient['jobs']['page'] = async ({ signal, requestId, ...query } = {}) => {
    const { createdAfter, createdBefore, jobIds, ...rest } = query;
    // The service treats an empty parameter as absent, and would list all jobs.
    if (jobIds?.length === 0) return { jobs: [], nextCursor: undefined };
    const body = await send(
      'GET',
      'list',
      { ...rest, 'created-after': createdAfter, 'created-before': createdBefore, 'job-ids': jobIds },
      { signal, requestId },
    );
    const { jobs, next_cursor: nextCursor } = body as { jobs: readonly JobSummary[]; next_cursor?: string };
    if (!Array.isArray(jobs)) throw new JobsApiError({ status: 200, headers: new Headers() }, undefined);
    return { jobs, nextCursor };
  };

  const deleteJob: JobsClient['jobs']['delete'] = async (jobId, { onlyIf, include, ...call } = {}) => {
    const body = await send('DELETE', 'delete', { 'job-id': jobId, 'only-if': onlyIf, include }, call);
    return body.receipt as DeleteReceipt | undefined;
  };

  const waitFor = async (jobIds: number | Iterable<number>, wait: WaitOptions = {}) => {
    const { signal, requestId } = wait;
    const fetchJobs = async (ids: readonly number[]) => (await page({ jobIds: ids, signal, requestId })).jobs;
    if (typeof jobIds !== 'number') return waitForAll(jobIds, fetchJobs, wait);
    return (await waitForAll([jobIds], fetchJobs, wait)).get(jobIds);
  };

  return {
    jobs: {
      page,
      list: ({ pageSize: limit = 100, ...filter } = {}) => listOf((cursor) => page({ ...filter, limit, cursor })),
      get: async (jobId, { include, expiresIn, ...call } = {}) =>
        (await send('GET', 'get', { 'job-id': jobId, include, 'expires-in': expiresIn }, call)) as JobWithLinks,
      objectUrl: async (jobId, objectUuid, { downloadAs, result, expiresIn, ...call } = {}) =>
        (await send(
          'GET',
          'get-object-url',
          {
            'job-id': jobId,
            'object-uuid': objectUuid,
            'download-as': downloadAs,
            result,
            'expires-in': expiresIn,
          },
          call,
        )) as ObjectUrl,
      waitFor: waitFor as JobsClient['jobs']['waitFor'],
      delete: deleteJob,
      deleteMany: (jobIds, { concurrency = 4, ...rest } = {}) =>
        deleteAll(jobIds, (jobId) => deleteJob(jobId, rest), concurrency, rest.signal),
    },
  };
};
