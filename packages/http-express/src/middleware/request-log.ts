import onFinished from 'on-finished';
import type { Level, Logger } from 'pino';
import type { Handler, RequestLocals } from '../handler.ts';
import { serializers } from '../service/logger.ts';
import { routeOf } from './observe-requests.ts';

/** One line a request. Of the URL only the route is told: a query is the caller's own business. */
export const requestLog = (parent: Logger): Handler => {
  const logger = parent.child({}, { serializers });
  return (req, res, next) => {
    const start = performance.now();
    onFinished(res, () => {
      const { statusCode, headersSent, locals } = res;
      const level = levelOf(statusCode, locals);
      logger[level](
        {
          request_id: locals.requestId,
          ...locals.trace,
          method: req.method,
          route: routeOf(req) ?? null,
          status: statusCode,
          ms: Math.round((performance.now() - start) * 10) / 10,
          user_id: locals.userId,
          // The client was gone before there was an answer.
          ...(!headersSent && { aborted: true }),
          ...describeOutcome(statusCode, locals),
        },
        'request',
      );
    });
    next();
  };
};

const describeOutcome = (status: number, { error, unreadable }: RequestLocals): object => ({
  ...(status >= 500 && { error }),
  ...(status < 500 && error instanceof Error && { reason: error.message }),
  ...(unreadable && { unreadable_jobs: unreadable.map(({ storedJobId }) => storedJobId) }),
});

const levelOf = (status: number, { unreadable }: RequestLocals): Level => {
  if (status === 503 || unreadable) return 'warn';
  return status >= 500 ? 'error' : 'info';
};
