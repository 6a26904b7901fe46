import type { IncomingMessage } from 'node:http';
import type { Level, Logger } from 'pino';
import type { AppHandler, RequestLocals } from '../handler.ts';
import { describeError } from '../logging/describe-error.ts';
import { formsOf, redact } from '../logging/redaction.ts';
import { tokenOf } from '../request/authenticate.ts';
import { routeOf } from './observe-requests.ts';

/** Maximum length of a logged reason, in characters. */
const MAX_REASON = 200;

/** Logs one line per request. It contains the route and not the URL, because the query may be confidential. */
export const requestLog =
  (logger: Logger): AppHandler =>
  (req, res, next) => {
    const { locals } = res;
    locals.lifecycle.onEnd(({ seconds, aborted }) => {
      const { statusCode, headersSent } = res;
      logger[levelOf(statusCode, locals)](
        {
          request_id: locals.requestId,
          ...locals.trace,
          method: req.method,
          route: routeOf(req) ?? null,
          status: headersSent ? statusCode : null,
          ms: Math.round(seconds * 10_000) / 10,
          user_id: locals.userId,
          job_id: locals.jobId,
          // The client disconnected before it received the whole response.
          ...(aborted && { aborted }),
          ...describeOutcome(statusCode, locals, req),
        },
        'request',
      );
    });
    next();
  };

/** Describes the error without the caller's token, which the error may quote. */
const describeOutcome = (
  status: number,
  { error, unreadable, removed }: RequestLocals,
  request: IncomingMessage,
): Readonly<Record<string, unknown>> => ({
  ...(error !== undefined && isFailure(status, error)
    ? { error: describeError(error, tokenOf(request)) }
    : error instanceof Error && { reason: redact(error.message, MAX_REASON, formsOf([tokenOf(request)])) }),
  ...(removed && {
    removed: {
      record: removed.record ?? null,
      objects: removed.objects,
      uploads: removed.uploads,
      bytes: removed.bytes,
      verified_at: removed.verifiedAt ?? null,
    },
  }),
  ...(unreadable && { unreadable_records: unreadable.count, unreadable_jobs: unreadable.first }),
});

/** Returns whether the request failed, possibly after the response began. A rejected request is not a failure. */
const isFailure = (status: number, error: unknown): boolean => status >= 500 || (error !== undefined && status < 400);

const levelOf = (status: number, { error, unreadable }: RequestLocals): Level => {
  if (isFailure(status, error)) return status === 503 ? 'warn' : 'error';
  return unreadable ? 'warn' : 'info';
};
