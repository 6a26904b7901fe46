import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when `isTrue` returns true. If it never does, the test fails when its time limit is over. */
export const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isTrue())) await sleep(5);
};
