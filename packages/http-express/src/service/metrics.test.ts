import { expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';

test('GET /metrics returns 500 with the reason when a metric cannot be read, and 200 afterwards', async () => {
  let isBroken = true;
  const tokenCacheStats = () => {
    if (isBroken) throw new Error('no cache');
    return { hits: 0, misses: 0, size: 0 };
  };
  const port = await createMetrics({ port: 0, host: '127.0.0.1', tokenCacheStats }).listen();
  const scrape = () => fetch(`http://127.0.0.1:${port}/metrics`, { headers: { Connection: 'close' } });

  const failed = await scrape();
  expect([failed.status, await failed.json()]).toEqual([
    500,
    { message: 'The metrics could not be read: Error: no cache' },
  ]);

  isBroken = false;
  const scraped = await scrape();
  expect([scraped.status, await scraped.text()]).toEqual([
    200,
    expect.stringContaining('jobs_api_token_cache_tokens 0'),
  ]);
});
