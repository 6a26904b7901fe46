import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from 'aws-lambda';

/** The event and context of one invocation. A process may handle several at the same time. */
export interface Invocation {
  readonly event: unknown;
  readonly context: Pick<Context, 'getRemainingTimeInMillis'>;
  /** Maximum size of the result as JSON, in bytes. */
  readonly maxResultBytes: number;
}

/** The current invocation, through all asynchronous calls. serverless-express keeps only the latest event, in a global. */
export const invocation = new AsyncLocalStorage<Invocation>();

/** Time to return the response before Lambda ends the invocation. */
const RESERVE_SECONDS = 0.5;

/** Returns the time limit of the current invocation's request. */
export const secondsLeft = (): number => {
  const { context } = invocation.getStore() ?? {};
  return context ? Math.max(0, context.getRemainingTimeInMillis() / 1000 - RESERVE_SECONDS) : Infinity;
};
