import { isServerError, isThrottlingError, isTransientError } from '@smithy/core/retry';
import { isJobsError, Unavailable, untilAborted } from '@jobs-api/core';

export type SdkError = Parameters<typeof isTransientError>[0];

/** Conflicts on one record: the same call succeeds once the other write is over. The SDK does not retry these. */
const CONFLICTS = new Set(['TransactionConflictException', 'ReplicatedWriteConflictException']);

/** Whether the same call may succeed later. The SDK has already retried it, and regards 501 as worth a retry too. */
export const isPassing = (error: SdkError): boolean => {
  if (error.$metadata?.httpStatusCode === 501 || error.name.startsWith('NotImplemented')) return false;
  return isThrottlingError(error) || isTransientError(error) || isServerError(error) || CONFLICTS.has(error.name);
};

/**
 * Runs one call to AWS by the rules of the ports. Rejects with the signal's reason when that aborts, and with
 * {@link Unavailable} if the same call may succeed later (refused, reset, throttled, status 5xx, timed out). Every other
 * error names the call and has the SDK's error as its cause.
 *
 * @param name of the call, for the log
 */
export const callAws = async <Result>(
  name: string,
  signal: AbortSignal | undefined,
  call: (options: { abortSignal?: AbortSignal }) => Promise<Result>,
): Promise<Result> => {
  signal?.throwIfAborted();
  try {
    return await untilAborted(call(signal ? { abortSignal: signal } : {}), signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Error) || isJobsError(error)) throw error;
    const message = `${name} failed: ${error.name}`;
    throw isPassing(error as SdkError)
      ? new Unavailable(message, { cause: error })
      : new Error(message, { cause: error });
  }
};

/** The name of the SDK's error behind an error of {@link callAws}, such as `NoSuchUpload`. */
export const awsErrorName = (error: unknown): string | undefined => {
  const { cause } = error as Error;
  return cause instanceof Error ? cause.name : undefined;
};
