/**
 * The kind of failure, for code that depends on it. `UNAVAILABLE`: a retry can succeed. `UNEXPECTED`: any other
 * failure, such as a fault in the service, or a response that is not from the Jobs API.
 */
export type JobsApiErrorCode =
  | 'INVALID_PARAMETER'
  | 'UNAUTHORIZED'
  | 'JOB_NOT_FOUND'
  | 'JOB_NOT_FINISHED'
  | 'RESPONSE_TOO_LARGE'
  | 'UNAVAILABLE'
  | 'UNEXPECTED';

/** Codes by status, including those that gateways and load balancers send. */
const codes: Readonly<Record<number, JobsApiErrorCode>> = {
  400: 'INVALID_PARAMETER',
  401: 'UNAUTHORIZED',
  404: 'JOB_NOT_FOUND',
  409: 'JOB_NOT_FINISHED',
  413: 'RESPONSE_TOO_LARGE',
  429: 'UNAVAILABLE',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'UNAVAILABLE',
};

/** Any response that is not the documented success. */
export class JobsApiError extends Error {
  override readonly name = 'JobsApiError';
  readonly code: JobsApiErrorCode;
  /** HTTP status of the response. */
  readonly status: number;
  /** Id of the request in the log of the service; `undefined` if the response is not from the service. */
  readonly requestId: string | undefined;
  /** The parameter that was wrong and its type, such as `job-id: number`. */
  readonly affectedQueryParameter: string | undefined;
  /** Seconds to wait before a retry, if the response says so. */
  readonly retryAfterSeconds: number | undefined;

  /** @param body of the response, as JSON; `undefined` if it is not JSON */
  constructor({ status, headers }: Pick<Response, 'status' | 'headers'>, body: unknown) {
    const { message, affected_query_parameter: affected } = (body ?? {}) as Readonly<Record<string, unknown>>;
    super(typeof message === 'string' ? message : `The response is not one of the Jobs API (status ${status})`);
    this.status = status;
    this.requestId = headers.get('X-Request-Id') ?? undefined;
    this.affectedQueryParameter = typeof affected === 'string' ? affected : undefined;
    this.retryAfterSeconds = secondsOf(headers.get('Retry-After'));
    // Without a parameter, it is the route that was not found.
    const isUnnamed = [404, 409].includes(status) && this.affectedQueryParameter === undefined;
    this.code = (isUnnamed ? undefined : codes[status]) ?? 'UNEXPECTED';
  }
}

/** @param retryAfter seconds or a date, as RFC 9110 allows */
const secondsOf = (retryAfter: string | null): number | undefined => {
  const seconds = retryAfter === null ? NaN : Number(retryAfter || NaN);
  const value = Number.isNaN(seconds) ? (Date.parse(retryAfter ?? '') - Date.now()) / 1000 : seconds;
  return Number.isNaN(value) ? undefined : Math.max(0, value);
};
