import { expect, test } from '@jest/globals';
import { checkIsolation } from './isolation.suite.ts';

test('no request reads, links or deletes what another user has', async () => {
  expect(await checkIsolation(300)).toBeGreaterThanOrEqual(300);
});
