/** Settles as `promise` does, but no later than the signal aborts: not everything that takes its time can be told to stop. */
export const untilAborted = <Result>(promise: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> => {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
};
