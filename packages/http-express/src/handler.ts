import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import type { DeleteProgress, JobId, UserId } from '@jobs-api/core';
import type { RequestLifecycle } from './request/lifecycle.ts';
import type { UnreadableRecords } from './request/unreadable-records.ts';

/** State that the handlers of one request share. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- Express requires an indexable type
export type RequestLocals = {
  lifecycle: RequestLifecycle;
  requestId: string;
  userId?: UserId;
  jobId?: JobId;
  /** Counts of what a delete has removed, for the log. */
  removed?: DeleteProgress & { readonly verifiedAt?: Date };
  /** Ids of the request's span, for the log. */
  trace?: { trace_id: string; span_id: string };
  /** The error that the request failed with, for the log. */
  error?: unknown;
  /** The unreadable records that a list left out, for the log. */
  unreadable?: UnreadableRecords;
};

/** A handler of this app. Its query is a `URLSearchParams`. */
export type AppHandler = RequestHandler<Request['params'], unknown, unknown, URLSearchParams, RequestLocals>;
export type AppErrorHandler = ErrorRequestHandler<Request['params'], unknown, unknown, URLSearchParams, RequestLocals>;
