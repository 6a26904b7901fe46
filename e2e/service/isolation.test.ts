import { expect, test } from '@jest/globals';
import { checkIsolation } from '../isolation/check-isolation.ts';

test('no request reads, links or deletes what belongs to another user', async () => {
  const { requests, seen, crossings } = await checkIsolation(300);
  expect(requests).toBeGreaterThanOrEqual(300);
  expect(seen).toBeGreaterThan(0);
  expect(crossings).toBe(0);
}, 300_000);
