import type { Handler } from '../handler.ts';
import { RequestLifecycle } from '../request/lifecycle.ts';

/**
 * Begins each request when its response has a socket. Node queues the responses of pipelined requests; if the connection
 * closes first, a queued response gets no event at all, and a request that had begun would never end.
 */
export const lifecycle: Handler = (_req, res, next) => {
  const begin = () => {
    res.locals.lifecycle = new RequestLifecycle(res);
    next();
  };
  if (res.socket) begin();
  else res.once('socket', begin);
};
