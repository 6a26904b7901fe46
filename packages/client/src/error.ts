/**
 * What went wrong, for code that has to decide: `UNAVAILABLE` may pass, so try again; `UNEXPECTED` is everything that
 * has no name of its own, a fault of the service or an answer that is not the Jobs API's.
 */
export type JobsApiErrorCode =
  'INVALID_PARAMETER' | 'UNAUTHORIZED' | 'JOB_NOT_FOUND' | 'ANSWER_TOO_LARGE' | 'UNAVAILABLE' | 'UNEXPECTED';

/** By status, those that gateways and load balancers answer among them. */
const codes: Readonly<Record<number, JobsApiErrorCode>> = {
  400: 'INVALID_PARAMETER',
  401: 'UNAUTHORIZED',
  413: 'ANSWER_TOO_LARGE',
  429: 'UNAVAILABLE',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'UNAVAILABLE',
};

/** An answer that is not what was asked for. */
export class JobsApiError extends Error {
  override readonly name = 'JobsApiError';
  readonly code: JobsApiErrorCode;
  /** Of the HTTP answer. */
  readonly status: number;
  /** Under which the log of the service has the request, where the service itself answered. */
  readonly requestId: string | undefined;
  /** The parameter that was wrong and its type, such as `job-id: number`. */
  readonly affectedQueryParameter: string | undefined;

  /** @param body of the answer, as JSON; `undefined` where it is none */
  constructor({ status, headers }: Pick<Response, 'status' | 'headers'>, body: unknown) {
    const { message, affected_query_parameter: affected } = (body ?? {}) as Readonly<Record<string, unknown>>;
    super(typeof message === 'string' ? message : `The answer is not one of the Jobs API (status ${status})`);
    this.status = status;
    this.requestId = headers.get('X-Request-Id') ?? undefined;
    this.affectedQueryParameter = typeof affected === 'string' ? affected : undefined;
    // Without a parameter, it is the route that is not found.
    this.code = status === 404 && this.affectedQueryParameter ? 'JOB_NOT_FOUND' : (codes[status] ?? 'UNEXPECTED');
  }
}
