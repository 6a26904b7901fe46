import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import type { UnreadableJob, UserId } from '@jobs-api/core';

/** What the handlers of one request tell each other. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- Express asks for an indexable type
export type RequestLocals = {
  requestId: string;
  /** Aborts when the request's time is up. */
  signal: AbortSignal;
  /** A signal that aborts when half of that time is up: few requests have a use for one. */
  halfTime: () => AbortSignal;
  userId?: UserId;
  /** The request's span, for the log. */
  trace?: { trace_id: string; span_id: string };
  /** What the request failed with, for the log. */
  error?: unknown;
  /** The records that a list had to leave out, for the log. */
  unreadable?: UnreadableJob[];
};

/** A handler in this app: its query is what the platform's own parser makes of it. */
export type Handler = RequestHandler<Request['params'], unknown, unknown, URLSearchParams, RequestLocals>;
export type ErrorHandler = ErrorRequestHandler<Request['params'], unknown, unknown, URLSearchParams, RequestLocals>;
