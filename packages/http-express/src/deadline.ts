import { Unavailable } from '@jobs-api/core';
import onFinished from 'on-finished';
import type { Handler } from './handler.ts';

/** Gives a request a signal that ends all work on it, as unavailable, once its time is up. */
export const deadline =
  (seconds: () => number): Handler =>
  (_req, res, next) => {
    const work = new AbortController();
    const timer = setTimeout(() => work.abort(new Unavailable('the request ran out of time')), seconds() * 1000);
    onFinished(res, () => clearTimeout(timer));
    res.locals.signal = work.signal;
    next();
  };
