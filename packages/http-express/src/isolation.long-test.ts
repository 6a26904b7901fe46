import { expect, test } from '@jest/globals';
import { checkIsolation } from './isolation.suite.ts';

test('of 20,000 requests none reads, links or deletes what another user has', async () => {
  expect(await checkIsolation(20_000)).toBeGreaterThanOrEqual(20_000);
});
