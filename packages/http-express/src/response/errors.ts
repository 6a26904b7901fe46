import { STATUS_CODES } from 'node:http';
import { isJobsError } from '@jobs-api/core';
import type { JobsError } from '@jobs-api/core';
import type { Response } from 'express';
import type { ErrorHandler, Handler } from '../handler.ts';
import { sendJson } from './json-response.ts';
import { InvalidQueryParameter, parameterWithType, queryParameters } from '../request/parameters.ts';
import type { QueryParameter } from '../request/parameters.ts';
import { commonHeaders } from '../middleware/response-headers.ts';

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

/** Never more than this: what went wrong inside is for the log. */
const internalFailure = { status: 500, body: { message: 'Internal server failure message' } };

/** How each error of the core is answered. One without an entry does not compile. */
const responses: { readonly [Code in JobsError['code']]: (error: ErrorOf<Code>) => ErrorResponse } = {
  INVALID_PARAMETER: ({ parameter, problem }) => badRequest(parameter, problem),
  UNAUTHORIZED: () => ({
    status: 401,
    headers: { 'WWW-Authenticate': 'Bearer' },
    body: { message: 'Unauthorized' },
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

const send = (res: Response, { status, headers, body }: ErrorResponse): void => {
  for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value);
  sendJson(res, body, status);
};

/** The last of all handlers: answers what any of them threw, and leaves the error to the request log. */
export const errorResponse: ErrorHandler = (error: unknown, _req, res, _next) => {
  res.locals.error = error;
  send(res, responseTo(error));
};

export const notFound: Handler = (_req, res) => send(res, { status: 404, body: { message: 'Not Found' } });

export const methodNotAllowed =
  (allow: string): Handler =>
  (_req, res) =>
    send(res, { status: 405, headers: { Allow: allow }, body: { message: 'Method Not Allowed' } });

export const notReady = (res: Response, failing: readonly string[]): void =>
  sendJson(res, { status: 'not ready', failing }, 503);

/** The whole answer to bytes that are no request, by the code of Node's error: there is no response object for them. */
export const unparsableRequest = (code: string | undefined): string => {
  const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const reason = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({ message: reason });
  const headers = {
    ...commonHeaders(undefined),
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': body.length,
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${reason}`, ...lines, '', body].join('\r\n');
};
