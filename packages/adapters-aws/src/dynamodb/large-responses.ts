import type { DynamoDBClient, ServiceInputTypes } from '@aws-sdk/client-dynamodb';
import pLimit, { type LimitFunction } from 'p-limit';
import { PARTITION_KEY } from './jobs-table.ts';

/** Responses from this size on are read in turns, in bytes: smaller ones are decoded in a millisecond. */
const LARGE = 16 * 1024;
/** Large responses that are read and decoded at once, by all users. One user has one of these places. */
const AT_ONCE = 2;
/** A response that arrives slowly gives its place up after this time. */
const PLACE_MS = 1_000;

/**
 * Has a client read and decode large responses in turns. A record of 400 KB takes the SDK some 200 ms of CPU to decode, in
 * one piece. If a thousand such responses were decoded as they arrive, everything else would wait for all of them, and
 * their bytes would fill the memory. A response that waits is not read: it stays in the buffers of the network.
 */
export const readLargeResponsesInTurns = (client: DynamoDBClient): void => {
  const turns = new UserTurns();
  /** Functions that end the turns of calls, by the SDK's context of the call. */
  const releases = new WeakMap<object, () => void>();

  // Around the SDK's own deserializer: the turn lasts until the response is decoded.
  client.middlewareStack.add(
    (next, context) => async (args) => {
      try {
        return await next(args);
      } finally {
        releases.get(context)?.();
        releases.delete(context);
      }
    },
    { step: 'deserialize', priority: 'high', name: 'jobsApiEndTurn' },
  );
  // Next to the network: the header of the response has arrived, and its body has not been read.
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers: Readonly<Record<string, string>> };
      const size = Number(headers['content-length'] ?? Infinity);
      if (size >= LARGE) releases.set(context, await turns.enter(userIdOf(args.input)));
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'jobsApiBeginTurn' },
  );
};

/** The id of the user whose jobs a call reads, from the key of an item or of a query. */
const userIdOf = (input: ServiceInputTypes): string => {
  if ('Key' in input) return input.Key?.[PARTITION_KEY]?.S ?? '';
  return 'ExpressionAttributeValues' in input ? (input.ExpressionAttributeValues?.[':userId']?.S ?? '') : '';
};

/** Places that users take turns for. */
class UserTurns {
  readonly #all = pLimit(AT_ONCE);
  readonly #byUser = new Map<string, LimitFunction>();

  /** Resolves when it is the user's turn, with what ends it. */
  enter(userId: string): Promise<() => void> {
    const own = this.#byUser.get(userId) ?? pLimit(1);
    this.#byUser.set(userId, own);
    return new Promise((resolve) => {
      const turn = () =>
        new Promise<void>((release) => {
          const timer = setTimeout(release, PLACE_MS).unref();
          resolve(() => {
            clearTimeout(timer);
            release();
          });
        });
      void own(() => this.#all(turn)).then(() => {
        if (own.activeCount + own.pendingCount === 0) this.#byUser.delete(userId);
      });
    });
  }
}
