import { Unavailable } from '@jobs-api/core';
import onFinished from 'on-finished';
import type { Handler } from '../handler.ts';

/** Turns requests away while `max` of them are being worked on: better a quick refusal than a slow answer to everyone. */
export const limitInFlight = (max: number, onShed?: () => void): Handler => {
  let inFlight = 0;
  return (_req, res, next) => {
    if (inFlight >= max) {
      onShed?.();
      throw new Unavailable(`${max} requests are in flight`);
    }
    inFlight++;
    onFinished(res, () => inFlight--);
    next();
  };
};
