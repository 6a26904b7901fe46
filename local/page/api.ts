/** The API as this page uses it: the only file here that knows a path, a parameter or a header. */

export interface JobSummary {
  readonly job_id: number;
  readonly job_name: string | null;
  readonly date: string | null;
  readonly total_size: number;
  readonly credits_spent: number;
  readonly status: string;
  readonly status_meaning: string;
  readonly progress_percent?: number;
}

interface JobPage {
  readonly jobs: readonly JobSummary[];
  readonly next_cursor?: string;
}

export interface JobAnswer {
  readonly job_info: Omit<JobSummary, 'status_meaning'> & {
    readonly user_id: string;
    readonly email: string | null;
    readonly object_uuid_names: Readonly<Record<string, string>>;
    readonly media_length: Readonly<Record<string, number>>;
    readonly failed_to_process: Readonly<Record<string, string>>;
  };
  readonly results: Readonly<Record<string, { readonly full: string; readonly min: string }>>;
  readonly object_urls?: Readonly<Record<string, string>>;
}

interface ListQuery {
  readonly limit: number;
  readonly status?: string | undefined;
  readonly cursor?: string | undefined;
}

/** A request that has been answered, or has not: then `status` is `undefined`. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly status: number | undefined;
  readonly milliseconds: number;
}

export interface Api {
  list(query: ListQuery): Promise<JobPage>;
  get(jobId: number): Promise<JobAnswer>;
  /** A link that saves the file under its own name. */
  downloadUrl(jobId: number, objectUuid: string, name: string): Promise<string>;
  delete(jobId: number): Promise<void>;
}

/** An answer other than 200. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly requestId: string;

  constructor(status: number, requestId: string, message: string) {
    super(message);
    this.status = status;
    this.requestId = requestId;
  }
}

/** @param onCall hears of every request when it is over */
export const createApi = (token: string, onCall: (call: Call) => void): Api => {
  const ask = async (method: string, path: string, parameters: Readonly<Record<string, string | undefined>>) => {
    const given = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const query = new URLSearchParams(given).toString();
    const target = `/api/v1/jobs/${path}${query && `?${query}`}`;
    const begun = performance.now();
    let status: number | undefined;
    try {
      const response = await fetch(target, { method, headers: { Authorization: token } });
      ({ status } = response);
      const body: unknown = await response.json();
      if (response.ok) return body;
      const { message } = body as { message: string };
      throw new ApiError(status, response.headers.get('X-Request-Id') ?? '', message);
    } finally {
      onCall({ method, path: target, status, milliseconds: performance.now() - begun });
    }
  };

  return {
    list: async ({ limit, status, cursor }) =>
      (await ask('GET', 'list', { limit: String(limit), status, cursor })) as JobPage,
    get: async (jobId) => (await ask('GET', 'get', { 'job-id': String(jobId), include: 'object-urls' })) as JobAnswer,
    downloadUrl: async (jobId, objectUuid, name) => {
      const parameters = { 'job-id': String(jobId), 'object-uuid': objectUuid, 'download-as': name };
      return ((await ask('GET', 'get-object-url', parameters)) as { url: string }).url;
    },
    delete: async (jobId) => {
      await ask('DELETE', 'delete', { 'job-id': String(jobId) });
    },
  };
};
