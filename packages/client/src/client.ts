import type { AnswerOf, JobSummary, JobWithLinks, ObjectUrl, QueryOf } from './responses.ts';
import { JobsApiError } from './error.ts';
import type { paths } from './openapi.ts';

export type JobsClientOptions = {
  /** Where the service is, what precedes `/api/v1/jobs`: `https://jobs.example.com`. In a page, `''` is its own origin. */
  readonly baseUrl: string;
  /** Instead of the platform's own. */
  readonly fetch?: typeof fetch;
} & (
  | { readonly token: string; readonly getToken?: never }
  /** Asked for a token before each request, so that it may be renewed. */
  | { readonly getToken: () => string | Promise<string>; readonly token?: never }
);

interface CallOptions {
  /** Ends the call, which then rejects with the reason. */
  readonly signal?: AbortSignal | undefined;
}

type ListQuery = NonNullable<QueryOf<'/api/v1/jobs/list', 'get'>>;
type GetQuery = QueryOf<'/api/v1/jobs/get', 'get'>;

export interface ListJobsOptions extends CallOptions {
  /** Only the jobs of that status. */
  readonly status?: ListQuery['status'];
  /** By ascending number (`asc`), unless told otherwise. */
  readonly order?: ListQuery['order'];
  /** How many jobs to ask for at a time, 1 to 1000; 100 unless told otherwise. */
  readonly pageSize?: number;
}

/**
 * Every call rejects with a {@link JobsApiError} where the answer is not what was asked for, and with whatever `fetch`
 * rejects with where there is none.
 */
export interface JobsClient {
  readonly jobs: {
    /** Every job, one after the other; asks for a page when the one before is used up. */
    readonly list: (options?: ListJobsOptions) => AsyncGenerator<JobSummary, void, undefined>;
    /** @param options `include: 'object-urls'` adds a link to every uploaded file */
    readonly get: (
      jobId: number,
      options?: CallOptions & { readonly include?: GetQuery['include'] },
    ) => Promise<JobWithLinks>;
    /**
     * A link to an uploaded file, whether or not there is one.
     *
     * @param options `downloadAs` makes a browser save the file under that name
     */
    readonly objectUrl: (
      jobId: number,
      objectUuid: string,
      options?: CallOptions & { readonly downloadAs?: string },
    ) => Promise<ObjectUrl>;
    /** Removes a job with all its files and results; may be repeated. */
    readonly delete: (jobId: number, options?: CallOptions) => Promise<void>;
  };
}

type Query<Path extends keyof paths, Method extends keyof paths[Path]> = {
  readonly [Name in keyof QueryOf<Path, Method>]: QueryOf<Path, Method>[Name] | undefined;
};

type Values = Readonly<Record<string, string | number | undefined>>;

/** A client of the Jobs API, which needs nothing but `fetch`. */
export const createJobsClient = (options: JobsClientOptions): JobsClient => {
  const call = async <Path extends keyof paths, Method extends 'get' | 'delete'>(
    method: Method,
    path: Path,
    query: Query<Path, Method>,
    signal: AbortSignal | undefined,
  ): Promise<AnswerOf<Path, Method>> => {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query as Values))
      if (value !== undefined) search.set(name, String(value));
    const token = options.getToken ? await options.getToken() : options.token;
    // Not called as a method of the options: browsers refuse a fetch whose `this` is not theirs.
    const send = options.fetch ?? fetch;
    const response = await send(`${options.baseUrl.replace(/\/$/, '')}${path}?${search.toString()}`, {
      method: method.toUpperCase(),
      headers: { Authorization: `Bearer ${token}` },
      ...(signal && { signal }),
    });
    const body = parse(await response.text());
    if (!response.ok || body === undefined) throw new JobsApiError(response, body);
    return body as AnswerOf<Path, Method>;
  };

  return {
    jobs: {
      async *list({ status, order, pageSize: limit = 100, signal } = {}) {
        let cursor: string | undefined;
        do {
          const page = await call('get', '/api/v1/jobs/list', { status, order, limit, cursor }, signal);
          yield* page.jobs;
          cursor = page.next_cursor;
        } while (cursor !== undefined);
      },
      get: (jobId, { include, signal } = {}) => call('get', '/api/v1/jobs/get', { 'job-id': jobId, include }, signal),
      objectUrl: (jobId, objectUuid, { downloadAs, signal } = {}) =>
        call(
          'get',
          '/api/v1/jobs/get-object-url',
          { 'job-id': jobId, 'object-uuid': objectUuid, 'download-as': downloadAs },
          signal,
        ),
      delete: async (jobId, { signal } = {}) => {
        await call('delete', '/api/v1/jobs/delete', { 'job-id': jobId }, signal);
      },
    },
  };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
