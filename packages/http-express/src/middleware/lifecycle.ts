import type { AppHandler } from '../handler.ts';
import { RequestLifecycle } from '../request/lifecycle.ts';

/**
 * Begins each request when its response has a socket. Node queues the responses of pipelined requests. A response that is
 * still queued when the connection closes emits no event at all, so a request that had begun would never end.
 */
export const lifecycle: AppHandler = (_req, res, next) => {
  const begin = () => {
    res.locals.lifecycle = new RequestLifecycle(res);
    next();
  };
  if (res.socket) begin();
  else res.once('socket', begin);
};
