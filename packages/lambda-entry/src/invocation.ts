import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from 'aws-lambda';

/** What belongs to one invocation and to no other that the process may be working on. */
export interface Invocation {
  readonly event: unknown;
  readonly context: Pick<Context, 'getRemainingTimeInMillis'>;
}

/** Kept with everything that an invocation starts; serverless-express keeps the latest event in a global instead. */
export const invocation = new AsyncLocalStorage<Invocation>();

/** What is left for the answer to leave before the invocation is ended from outside. */
const RESERVE_SECONDS = 0.5;

/** How long the request of this invocation may take. */
export const secondsLeft = (): number => {
  const { context } = invocation.getStore() ?? {};
  return context ? Math.max(0, context.getRemainingTimeInMillis() / 1000 - RESERVE_SECONDS) : Infinity;
};
