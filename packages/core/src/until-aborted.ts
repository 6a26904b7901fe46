/**
 * Settles as `promise` does, or rejects with the signal's reason as soon as the signal aborts. The work behind
 * `promise` may continue, since not all work can be stopped.
 */
export const untilAborted = <Result>(promise: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> => {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
};
