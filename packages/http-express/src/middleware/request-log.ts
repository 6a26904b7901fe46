import type { Level, Logger } from 'pino';
import type { Handler, RequestLocals } from '../handler.ts';
import { describeError } from '../logging/describe-error.ts';
import { formsOf, redact } from '../logging/redaction.ts';
import { tokenOf } from '../request/authenticate.ts';
import { routeOf } from './observe-requests.ts';

/** How much of the reason for a refusal is logged, in characters. */
const MAX_REASON = 200;

/** Writes one line for each request. The URL is not logged, since a query is the caller's own business; the route is. */
export const requestLog =
  (logger: Logger): Handler =>
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
          // The client disconnected before it had the whole response.
          ...(aborted && { aborted }),
          ...describeOutcome(statusCode, locals, tokenOf(req)),
        },
        'request',
      );
    });
    next();
  };

/** An error may quote the caller's token, which the log must not contain. */
const describeOutcome = (
  status: number,
  { error, unreadable }: RequestLocals,
  token: string | undefined,
): Readonly<Record<string, unknown>> => ({
  ...(error !== undefined && isFailure(status, error)
    ? { error: describeError(error, token) }
    : error instanceof Error && { reason: redact(error.message, MAX_REASON, formsOf([token])) }),
  ...(unreadable && { unreadable_records: unreadable.count, unreadable_jobs: unreadable.first }),
});

/** Whether something went wrong, with the response possibly half sent, rather than the caller being refused. */
const isFailure = (status: number, error: unknown): boolean => status >= 500 || (error !== undefined && status < 400);

const levelOf = (status: number, { error, unreadable }: RequestLocals): Level => {
  if (isFailure(status, error)) return status === 503 ? 'warn' : 'error';
  return unreadable ? 'warn' : 'info';
};
