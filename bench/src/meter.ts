import { setTimeout as sleep } from 'node:timers/promises';
import { startProxy } from '@jobs-api/e2e/proxy';

/** Counts calls to AWS. */
export interface Meter {
  readonly endpoint: string;
  /** Calls since the last read, and the read units that DynamoDB charged for them. */
  readonly read: () => { calls: number; readUnits: number };
}

/**
 * Starts a proxy in front of an AWS endpoint that counts calls and has DynamoDB return what it charges for them.
 *
 * @param roundTripMs least time of a call, because calls one after the other would cost almost nothing on loopback
 */
export const startMeter = async (target: string, { roundTripMs = 0 } = {}): Promise<Meter> => {
  let calls = 0;
  let readUnits = 0;
  const { endpoint } = await startProxy(
    target,
    async ({ headers, body }, forward) => {
      calls++;
      const isRead = /\.(Query|GetItem)$/.test(String(headers['x-amz-target']));
      const [response] = await Promise.all([forward(isRead ? withConsumedCapacity(body) : body), sleep(roundTripMs)]);
      if (isRead) {
        const read = JSON.parse(response.body.toString()) as { ConsumedCapacity?: { CapacityUnits: number } };
        readUnits += read.ConsumedCapacity?.CapacityUnits ?? 0;
      }
      return response;
    },
    false,
  );
  return {
    endpoint,
    read: () => {
      const read = { calls, readUnits };
      [calls, readUnits] = [0, 0];
      return read;
    },
  };
};

const withConsumedCapacity = (body: Buffer): Buffer =>
  Buffer.from(JSON.stringify({ ...(JSON.parse(body.toString()) as object), ReturnConsumedCapacity: 'TOTAL' }));
