import type { JobStore } from './ports/job-store.ts';
import type { ObjectStore } from './ports/object-store.ts';
import { deleteJob, type DeleteJob } from './use-cases/delete-job.ts';
import { getJob, streamJob, type GetJob, type StreamJob } from './use-cases/get-job.ts';
import { getObjectUrl, type GetObjectUrl } from './use-cases/get-object-url.ts';
import { listJobs, type ListJobs } from './use-cases/list-jobs.ts';

/** The four use cases. The user id is always the first argument: no call reaches another user's jobs. */
export interface Jobs {
  readonly listJobs: ListJobs;
  readonly getJob: GetJob;
  /** The use case of {@link getJob}, for responses that are written while their links are signed. */
  readonly streamJob: StreamJob;
  readonly getObjectUrl: GetObjectUrl;
  readonly deleteJob: DeleteJob;
}

/** Creates the use cases on the given stores. */
export const createJobs = (stores: { readonly jobStore: JobStore; readonly objectStore: ObjectStore }): Jobs => ({
  listJobs: listJobs(stores),
  getJob: getJob(stores),
  streamJob: streamJob(stores),
  getObjectUrl: getObjectUrl(stores),
  deleteJob: deleteJob(stores),
});
