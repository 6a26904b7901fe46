import { once } from 'node:events';
import { Agent, createServer, request as send } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Meter {
  readonly endpoint: string;
  /** The calls since the last look, and the read units that DynamoDB charged for them. */
  readonly read: () => { calls: number; readUnits: number };
}

/**
 * Stands between a service and an AWS endpoint, counts calls, and asks DynamoDB what it charges for them.
 *
 * @param roundTripMs how long a call takes at least: on loopback it would cost nothing to wait for one after the other
 */
export const startMeter = async (target: string, { roundTripMs = 0 } = {}): Promise<Meter> => {
  const { hostname, port } = new URL(target);
  const agent = new Agent({ keepAlive: true });
  let calls = 0;
  let readUnits = 0;

  const forward = async (url: string, method: string, headers: IncomingHttpHeaders, body: Buffer) => {
    calls++;
    const isRead = /\.(Query|GetItem)$/.test(String(headers['x-amz-target']));
    const asked = isRead
      ? Buffer.from(JSON.stringify({ ...(JSON.parse(body.toString()) as object), ReturnConsumedCapacity: 'TOTAL' }))
      : body;
    const upstream = send({
      agent,
      hostname,
      port,
      path: url,
      method,
      headers: { ...headers, ...(isRead && { 'content-length': asked.length }) },
    });
    upstream.end(asked);
    const response = once(upstream, 'response').then(([message]) => message as IncomingMessage);
    const [{ statusCode, headers: answered }, answer] = await Promise.all([
      response,
      response.then(buffer),
      sleep(roundTripMs),
    ]);
    if (isRead) {
      const read = JSON.parse(answer.toString()) as { ConsumedCapacity?: { CapacityUnits: number } };
      readUnits += read.ConsumedCapacity?.CapacityUnits ?? 0;
    }
    return { statusCode: statusCode ?? 502, headers: answered, answer };
  };

  const server = createServer((req, res) => {
    void buffer(req)
      .then((body) => forward(req.url ?? '/', req.method ?? 'GET', req.headers, body))
      .then(
        ({ statusCode, headers, answer }) => res.writeHead(statusCode, headers).end(answer),
        () => res.destroy(),
      );
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  server.unref();
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    read: () => {
      const read = { calls, readUnits };
      [calls, readUnits] = [0, 0];
      return read;
    },
  };
};
