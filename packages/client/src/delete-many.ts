import type { DeleteReceipt } from './responses.ts';

/** The outcome for one job of `deleteMany`. */
export type DeleteResult =
  | { readonly jobId: number; readonly isDeleted: true; readonly receipt: DeleteReceipt | undefined }
  | { readonly jobId: number; readonly isDeleted: false; readonly error: unknown };

/** Deletes several jobs at a time and returns the outcomes as they come. A failure does not stop the others. */
export async function* deleteAll(
  jobIds: Iterable<number>,
  deleteOne: (jobId: number) => Promise<DeleteReceipt | undefined>,
  concurrency: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<DeleteResult, void, undefined> {
  const remaining = jobIds[Symbol.iterator]();
  const running = new Map<number, Promise<readonly [place: number, DeleteResult]>>();
  let next = remaining.next();
  for (let place = 0; ;) {
    signal?.throwIfAborted();
    for (; next.done !== true && running.size < concurrency; next = remaining.next()) {
      const jobId = next.value;
      const here = place++;
      running.set(
        here,
        deleteOne(jobId).then(
          (receipt) => [here, { jobId, isDeleted: true, receipt }] as const,
          (error: unknown) => [here, { jobId, isDeleted: false, error }] as const,
        ),
      );
    }
    if (running.size === 0) return;
    const [done, result] = await Promise.race(running.values());
    running.delete(done);
    yield result;
  }
}
