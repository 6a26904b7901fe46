import { setMaxListeners } from 'node:events';
import { Unavailable } from '@jobs-api/core';
import onFinished from 'on-finished';
import type { Handler } from './handler.ts';

/** Gives a request a signal that ends all work on it, as unavailable, once its time is up. */
export const deadline =
  (seconds: () => number): Handler =>
  (_req, res, next) => {
    const [half, whole] = [new AbortController(), new AbortController()];
    // A delete aborts many uploads at once, each a listener or two: Node would call that a leak, on stderr.
    setMaxListeners(0, whole.signal);
    const ms = seconds() * 1000;
    const halfTimer = setTimeout(() => half.abort(), ms / 2);
    const timer = setTimeout(() => whole.abort(new Unavailable('the request ran out of time')), ms);
    onFinished(res, () => {
      clearTimeout(halfTimer);
      clearTimeout(timer);
    });
    res.locals.halfTime = half.signal;
    res.locals.signal = whole.signal;
    next();
  };
