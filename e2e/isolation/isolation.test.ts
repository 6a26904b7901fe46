import { expect, test } from '@jest/globals';
import { checkIsolation } from './check-isolation.ts';

test('none of 20,000 random requests reads, links or deletes what belongs to another user', async () => {
  const tally = await checkIsolation(20_000);
  const { requests, links, seen, crossings, compared } = tally;
  process.stdout.write(
    `${requests} requests, ${links} links followed, ${seen} names and contents seen, ${crossings} of another user; ` +
      `${compared} jobs and objects left, as the model has them\n`,
  );
  expect(requests).toBeGreaterThanOrEqual(20_000);
  expect(links).toBeGreaterThan(1_000);
  expect(crossings).toBe(0);
}, 7_200_000);
