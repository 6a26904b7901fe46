export { createJobsClient } from './client.ts';
export type { JobsClient, JobsClientOptions, ListJobsOptions } from './client.ts';
export { JobsApiError } from './error.ts';
export type { JobsApiErrorCode } from './error.ts';
export type { Job, JobSummary, JobWithLinks, ObjectUrl } from './responses.ts';
