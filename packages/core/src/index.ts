export { InvalidParameter, isJobsError, JobNotFound, Unauthorized, Unavailable, UnreadableJob } from './errors.ts';
export type { JobsError, Parameter } from './errors.ts';
export { isObjectUuid, parseJobId, parseObjectUuid, parseUserId } from './identifiers.ts';
export type { JobId, ObjectUuid, UserId } from './identifiers.ts';
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
export type { ObjectStore, Presigner, PresignOptions } from './ports/object-store.ts';
export type { ReadinessChecks } from './ports/readiness-checks.ts';
export type { DeleteJob } from './use-cases/delete-job.ts';
export type {
  GetJob,
  GetJobOptions,
  JobWithLinks,
  LinkBatch,
  ResultUrls,
  StreamedJob,
  StreamJob,
} from './use-cases/get-job.ts';
export type { GetObjectUrl, ObjectUrl } from './use-cases/get-object-url.ts';
export type { JobPage, ListJobs, ListQuery } from './use-cases/list-jobs.ts';
export { untilAborted } from './until-aborted.ts';
