import { isServerError, isThrottlingError, isTransientError } from '@smithy/core/retry';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { Unavailable, untilAborted } from '@jobs-api/core';

/**
 * Limits for every SDK client. A call that hangs is aborted and tried again by the SDK, which by default has no such
 * limits; since it tries three or four times, the request's own deadline is the outer bound.
 */
export const requestLimits = {
  connectionTimeout: 1_000,
  // Until the answer begins; without the flag the SDK only warns.
  requestTimeout: 4_000,
  throwOnRequestTimeout: true,
  // Without a byte, also in the middle of an answer.
  socketTimeout: 4_000,
  // The SDK's 50 connections are fewer than there may be requests, and it counts waiting for one as connecting: a burst
  // would be answered 503 while AWS is well. How many there are at once, the doors limit.
  httpAgent: { keepAlive: true, maxSockets: Infinity },
  httpsAgent: { keepAlive: true, maxSockets: Infinity },
};

/**
 * A logger for every SDK client. For one that has `info`, even if that does nothing, as the SDK's own default, the SDK
 * copies every output to take secrets out of it: as much work again as reading it. A type of the SDK asks for `info`; the
 * SDK does not.
 */
export const quietLogger = {
  debug: () => undefined,
  warn: () => undefined,
  error: () => undefined,
} as unknown as NonNullable<S3ClientConfig['logger']>;

export type SdkError = Parameters<typeof isTransientError>[0];

/** Whether the SDK, which has already retried, would call it worth a retry: then the same call may succeed later. */
export const isPassing = (error: SdkError): boolean =>
  isThrottlingError(error) || isTransientError(error) || isServerError(error);

/**
 * Runs one call to AWS by the rules of the ports: ends with the signal's reason when that aborts, and turns what may
 * pass (refused, reset, throttled, answered 5xx, timed out) into {@link Unavailable}; anything else is left as it is.
 *
 * @param what is asked for, in words, for the log
 */
export const callAws = async <Result>(
  what: string,
  signal: AbortSignal | undefined,
  call: (options: { abortSignal?: AbortSignal }) => Promise<Result>,
): Promise<Result> => {
  signal?.throwIfAborted();
  try {
    return await untilAborted(call(signal ? { abortSignal: signal } : {}), signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Error && isPassing(error as SdkError))
      throw new Unavailable(`${what} failed: ${error.name}`, { cause: error });
    throw error;
  }
};
