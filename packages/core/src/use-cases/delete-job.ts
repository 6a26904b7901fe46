import { JobNotFinished } from '../errors.ts';
import type { JobId, UserId } from '../identifiers.ts';
import { jobPrefix } from '../object-keys.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { ObjectStore, Removed } from '../ports/object-store.ts';

/** Counts of what a delete has removed so far. */
export interface DeleteProgress extends Removed {
  /** Whether the record was there; `undefined` as long as the record has not been deleted. */
  readonly record: 'deleted' | 'absent' | undefined;
}

/** Counts of what this delete removed, without what another one removed. */
export interface DeleteReceipt extends Removed {
  readonly jobId: JobId;
  readonly record: 'deleted' | 'absent';
  /** The time at which the stores last listed nothing of the job. Files may still be written later. */
  readonly verifiedAt: Date;
}

export interface DeleteJobOptions extends CallOptions {
  /** Deletes the job only if its status is a finished one. */
  readonly onlyIfFinished?: boolean;
  /** Is called with what has been removed so far, whenever that has changed, so that it is known if the call fails. */
  readonly onProgress?: (progress: DeleteProgress) => void;
}

/**
 * Deletes a job and everything that is stored for it. Succeeds if there is nothing to delete, so it may be repeated. The
 * next call removes what an aborted or failed call has left.
 *
 * @throws JobNotFinished if only a finished job is to be deleted, and this one is not
 * @throws UnreadableJob if only a finished job is to be deleted, and the record cannot be read
 */
export type DeleteJob = (userId: UserId, jobId: JobId, options?: DeleteJobOptions) => Promise<DeleteReceipt>;

export const deleteJob =
  ({ jobStore, objectStore }: { jobStore: JobStore; objectStore: ObjectStore }): DeleteJob =>
  async (userId, jobId, { onlyIfFinished, onProgress, ...options } = {}) => {
    if (onlyIfFinished) {
      const job = await jobStore.find(userId, jobId, options);
      if (job && !job.status.isFinished) throw new JobNotFinished(jobId);
    }

    let progress: DeleteProgress = { record: undefined, objects: 0, uploads: 0, bytes: 0 };
    const update = (changes: Partial<DeleteProgress>): void => {
      progress = { ...progress, ...changes };
      onProgress?.(progress);
    };
    const onRemoved = ({ objects, uploads, bytes }: Removed): void =>
      update({
        objects: progress.objects + objects,
        uploads: progress.uploads + uploads,
        bytes: progress.bytes + bytes,
      });

    const files = jobPrefix(userId, jobId);
    // Files first, record last: while any file is left the job is still listed, and can be deleted again.
    await objectStore.deleteAll(files, { ...options, onRemoved });
    const record = (await jobStore.delete(userId, jobId, options)) ? 'deleted' : 'absent';
    update({ record });
    // A file that was still being uploaded for the listed job may have arrived after the first sweep.
    await objectStore.deleteAll(files, { ...options, onRemoved });
    return { ...progress, jobId, record, verifiedAt: new Date() };
  };
