export {
  InvalidParameter,
  isJobsError,
  JobNotFinished,
  JobNotFound,
  Unauthorized,
  Unavailable,
  UnreadableJob,
} from './errors.ts';
export type { JobsError, Parameter } from './errors.ts';
export { isObjectUuid, parseJobId, parseObjectUuid, parseUserId } from './identifiers.ts';
export type { JobId, ObjectUuid, UserId } from './identifiers.ts';
export { parseJobDate, parseRfc3339 } from './job-date.ts';
export type { Instant } from './job-date.ts';
export type { JobFilter } from './job-filter.ts';
export { objectsWithResults } from './job.ts';
export type { Job, JobSummary } from './job.ts';
export { describeStatus, isKnownStatusCode, jobStatuses } from './job-status.ts';
export type { JobStatus, KnownStatusCode } from './job-status.ts';
export { createJobs } from './jobs.ts';
export type { Jobs } from './jobs.ts';
export { fullResultKey, jobPrefix, minResultKey, uploadedFileKey } from './object-keys.ts';
export type { KeyPrefix, ObjectKey } from './object-keys.ts';
export type { Authenticator } from './ports/authenticator.ts';
export type { CallOptions } from './ports/call-options.ts';
export type { JobStore, ListOptions, ListRange } from './ports/job-store.ts';
export type { DeleteAllOptions, ObjectStore, Presigner, PresignOptions, Removed } from './ports/object-store.ts';
export type { ReadinessChecks } from './ports/readiness-checks.ts';
export type { DeleteJob, DeleteJobOptions, DeleteProgress, DeleteReceipt } from './use-cases/delete-job.ts';
export type {
  GetJob,
  GetJobOptions,
  JobWithLinks,
  LinkBatch,
  ResultUrls,
  StreamedJob,
  StreamJob,
} from './use-cases/get-job.ts';
export type { GetObjectUrl, GetObjectUrlOptions, ObjectUrl } from './use-cases/get-object-url.ts';
export type { JobPage, ListJobs, ListQuery } from './use-cases/list-jobs.ts';
export { untilAborted } from './until-aborted.ts';
