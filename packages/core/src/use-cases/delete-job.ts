import type { JobId, UserId } from '../identifiers.ts';
import { jobPrefix } from '../object-keys.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { ObjectStore } from '../ports/object-store.ts';

/**
 * Removes a job and everything stored for it. Succeeds where there is nothing to remove, so it may be repeated;
 * what an interrupted or failed call left behind, the next one removes.
 */
export type DeleteJob = (user: UserId, jobId: JobId, options?: CallOptions) => Promise<void>;

export const deleteJob =
  ({ jobStore, objectStore }: { jobStore: JobStore; objectStore: ObjectStore }): DeleteJob =>
  async (user, jobId, options) => {
    const files = jobPrefix(user, jobId);
    // Files first, record last: while any file is left the job is still listed, and can be deleted again.
    await objectStore.deleteAll(files, options);
    await jobStore.delete(user, jobId, options);
    // A file that was still being uploaded for the listed job may have arrived after the first sweep.
    await objectStore.deleteAll(files, options);
  };
