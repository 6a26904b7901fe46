import type { ServerResponse } from 'node:http';
import { isJobsError, type JobsError } from '@jobs-api/core';
import type { AppErrorHandler, AppHandler } from '../handler.ts';
import { ClientGone } from '../request/lifecycle.ts';
import {
  InvalidQueryParameter,
  parameterWithType,
  queryParameters,
  type QueryParameter,
} from '../request/parameters.ts';
import { sendJson } from './json.ts';

interface ErrorResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: { readonly message: string; readonly affected_query_parameter?: string };
}

type ErrorOf<Code extends JobsError['code']> = Extract<JobsError, { code: Code }>;

const badRequest = (parameter: QueryParameter, problem: string): ErrorResponse => ({
  status: 400,
  body: {
    message: `The ${queryParameters[parameter].name} query parameter ${problem}`,
    affected_query_parameter: parameterWithType(parameter),
  },
});

/** The documented body, to the letter. Details of a failure are only logged. */
const internalFailure = { status: 500, body: { message: 'Internal server failure message' } };

/** The response for each error code of the core. A code without an entry does not compile. */
const responses: { readonly [Code in JobsError['code']]: (error: ErrorOf<Code>) => ErrorResponse } = {
  INVALID_PARAMETER: ({ parameter, problem }) => badRequest(parameter, problem),
  UNAUTHORIZED: () => ({
    status: 401,
    headers: { 'WWW-Authenticate': 'Bearer' },
    body: { message: 'Unauthorized' },
  }),
  JOB_NOT_FINISHED: () => ({
    status: 409,
    body: { message: 'The job is not finished', affected_query_parameter: parameterWithType('jobId') },
  }),
  JOB_NOT_FOUND: () => ({
    status: 404,
    body: { message: 'The job does not exist', affected_query_parameter: parameterWithType('jobId') },
  }),
  UNREADABLE_JOB: () => internalFailure,
  UNAVAILABLE: () => ({ status: 503, headers: { 'Retry-After': '1' }, body: { message: 'Service Unavailable' } }),
};

const responseTo = (error: unknown): ErrorResponse => {
  if (isJobsError(error)) return (responses[error.code] as (error: JobsError) => ErrorResponse)(error);
  if (error instanceof InvalidQueryParameter) return badRequest(error.parameter, error.problem);
  return internalFailure;
};

const send = (res: ServerResponse, { status, headers, body }: ErrorResponse): void => {
  for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value);
  sendJson(res, body, status);
};

/** Responds to errors that other handlers threw. The request log logs them. */
export const errorResponse: AppErrorHandler = (error: unknown, _req, res, _next) => {
  if (error instanceof ClientGone) return;
  res.locals.error = error;
  if (!res.headersSent) send(res, responseTo(error));
};

export const notFound: AppHandler = (_req, res) => send(res, { status: 404, body: { message: 'Not Found' } });

export const methodNotAllowed =
  (allow: string): AppHandler =>
  (_req, res) =>
    send(res, { status: 405, headers: { Allow: allow }, body: { message: 'Method Not Allowed' } });

export const notReady = (res: ServerResponse, failing: readonly string[]): void =>
  sendJson(res, { status: 'not ready', failing }, 503);
