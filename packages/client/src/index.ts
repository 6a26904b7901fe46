export { createJobsClient } from './client.ts';
export type { DeleteJobOptions, DeleteJobsOptions, JobPageOptions, JobsClient, ListJobsOptions } from './client.ts';
export type { DeleteResult } from './delete-many.ts';
export { JobsApiError } from './error.ts';
export type { JobsApiErrorCode } from './error.ts';
export { jobDate } from './job-date.ts';
export type { JobList } from './list.ts';
export type {
  DeleteReceipt,
  Job,
  JobPage,
  JobStatus,
  JobSummary,
  JobWithLinks,
  KnownJobStatus,
  ObjectUrl,
} from './responses.ts';
export type { CallOptions, JobsClientOptions } from './send.ts';
export type { WaitOptions } from './wait-for.ts';
