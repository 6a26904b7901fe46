import { setMaxListeners } from 'node:events';
import { Unavailable } from '@jobs-api/core';
import onFinished from 'on-finished';
import type { Handler } from '../handler.ts';

/** Gives a request a signal that ends all work on it, as unavailable, once its time is up. */
export const deadline =
  (seconds: () => number): Handler =>
  (_req, res, next) => {
    const start = performance.now();
    const ms = seconds() * 1000;
    const controller = new AbortController();
    // A delete aborts many uploads at once, each a listener or two: Node would call that a leak, on stderr.
    setMaxListeners(0, controller.signal);
    const timer = setTimeout(() => controller.abort(new Unavailable('the request ran out of time')), ms);
    onFinished(res, () => clearTimeout(timer));
    res.locals.signal = controller.signal;
    res.locals.halfTime = () => AbortSignal.timeout(Math.max(0, Math.round(start + ms / 2 - performance.now())));
    next();
  };
