import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when `isTrue` returns true. A test that waits in vain fails by its own time limit. */
export const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isTrue())) await sleep(5);
};
