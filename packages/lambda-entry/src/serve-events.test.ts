import type { RequestListener } from 'node:http';
import { expect, test } from '@jest/globals';
import { serveEvents } from './serve-events.ts';

const context = { getRemainingTimeInMillis: () => 1_000 };
const gateway = {
  version: '2.0',
  rawPath: '/',
  requestContext: { http: { method: 'GET' } },
};
const loadBalancer = { httpMethod: 'GET', path: '/', requestContext: { elb: {} } };

const statusOf = async (app: RequestListener, event: object): Promise<unknown> => {
  const result = (await serveEvents(app, () => undefined)(event, context)) as { statusCode: number };
  expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(event === gateway ? 6 * 1024 ** 2 : 1_000_000);
  return result.statusCode;
};

/** Sends a JSON string of quotation marks, each of which takes four bytes in a result. */
const send =
  (quotes: number): RequestListener =>
  (_req, res) => {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify('"'.repeat(quotes)));
  };

test.each([
  ['API Gateway', gateway, 6 * 1024 ** 2],
  ['a load balancer', loadBalancer, 1_000_000],
])('serveEvents returns 413 when the result exceeds the limit of %s, as JSON', async (_, event, limit) => {
  expect(await statusOf(send(limit / 4 - 1_024), event)).toBe(200);
  expect(await statusOf(send(limit / 4), event)).toBe(413);
});

test('serveEvents fails the invocation and logs the error once when the response is destroyed', async () => {
  const errors: unknown[] = [];
  const app: RequestListener = (_req, res) => {
    res.write('{');
    res.destroy(new Error('the disk is on fire'));
  };
  await expect(serveEvents(app, (error) => errors.push(error))(gateway, context)).rejects.toThrow('on fire');
  expect(errors).toHaveLength(1);
});
