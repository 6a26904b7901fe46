import { afterAll } from '@jest/globals';

/** Makes ids of users that no other run has used, so that the storage need not be empty. */
export const userNames = (): (() => string) => {
  const run = Math.random().toString(36).slice(2, 10);
  let users = 0;
  return () => `user-${run}-${++users}`;
};

/**
 * Lists what a suite has not checked at the end of its run.
 *
 * @param uncheckable what no suite can check
 * @returns a function that a check calls if the harness has no way to make it possible
 */
export const listUnchecked = (suite: string, uncheckable: readonly string[]): ((promise: string) => undefined) => {
  const unchecked = [...uncheckable];
  afterAll(() => {
    const lines = unchecked.map((promise) => `  ${promise}`).join('\n');
    // eslint-disable-next-line no-restricted-globals, no-console -- the suites write to the log of the test run
    console.info(`${suite}: not checked\n${lines}`);
  });
  return (promise) => {
    unchecked.push(promise);
  };
};

const pause = (ms: number): Promise<void> =>
  // eslint-disable-next-line no-restricted-globals -- the suites wait for storage, which the core never does
  new Promise((resolve) => setTimeout(resolve, ms));

/** Other characters of the same kind, so that a changed token or signature is still well-formed. */
export const otherCharacter = (character: string): string => (character === '0' ? '1' : '0');

/** Calls `isSo` until it returns `true`, for ten seconds at most, and returns whether it did. */
export const becomesTrue = async (isSo: () => Promise<boolean> | boolean): Promise<boolean> => {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await isSo()) return true;
    await pause(100);
  }
  return false;
};

/** Returns how a call ends. Not all errors are of the class `Error`: those of Node are not in the sandbox of Jest. */
export const endOf = (call: Promise<unknown>): Promise<'no error' | 'Unavailable' | 'another error'> =>
  call.then(
    () => 'no error',
    (error: unknown) => ((error as { code?: unknown }).code === 'UNAVAILABLE' ? 'Unavailable' : 'another error'),
  );

/**
 * Aborts a call while the storage does not respond, and returns what it rejects with: the reason, if the call checks
 * its signal all the time, not only at the start.
 */
export const abortWhileStalled = async (
  stall: () => Promise<() => Promise<void>>,
  call: (signal: AbortSignal) => Promise<unknown>,
  reason: Error,
): Promise<unknown> => {
  const release = await stall();
  const controller = new AbortController();
  let outcome: unknown;
  call(controller.signal).then(
    () => (outcome = 'the call ended as if it had not been aborted'),
    (error: unknown) => (outcome = error),
  );
  await pause(50);
  controller.abort(reason);
  const hasEnded = () => becomesTrue(() => outcome !== undefined);
  await hasEnded();
  const seen = outcome ?? 'the call was still waiting for the storage ten seconds after its signal aborted';
  await release();
  await hasEnded();
  return seen;
};
