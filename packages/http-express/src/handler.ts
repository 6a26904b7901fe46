import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import type { JobId, UserId } from '@jobs-api/core';
import type { RequestLifecycle } from './request/lifecycle.ts';
import type { UnreadableRecords } from './request/unreadable-records.ts';

/** What the handlers of one request share. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- Express requires an indexable type
export type RequestLocals = {
  lifecycle: RequestLifecycle;
  requestId: string;
  userId?: UserId;
  jobId?: JobId;
  /** The request's span, for the log. */
  trace?: { trace_id: string; span_id: string };
  /** What the request failed with, for the log. */
  error?: unknown;
  /** The records that a list had to leave out, for the log. */
  unreadable?: UnreadableRecords;
};

/** A handler in this app: its query is parsed by the platform's own parser. */
export type Handler = RequestHandler<Request['params'], unknown, unknown, URLSearchParams, RequestLocals>;
export type ErrorHandler = ErrorRequestHandler<Request['params'], unknown, unknown, URLSearchParams, RequestLocals>;
