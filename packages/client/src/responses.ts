import type { components, paths } from './openapi.ts';

/** The body of an operation's 200 response. */
type ResponseOf<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  responses: { 200: { content: { 'application/json': infer Body } } };
}
  ? Body
  : never;

/** Every status that the service knows. */
export type KnownJobStatus =
  | 'pending'
  | 'queued'
  | 'processing'
  | 'success'
  | 'success_credits_restored'
  | 'success_credits_not_restored'
  | 'failed_size_mismatch'
  | 'failed_requeued'
  | 'failed_critical';
/** The status of a job. The service returns unknown ones unchanged, so it may be any other string as well. */
export type JobStatus = KnownJobStatus | (string & {});

type WithStatus<Body> = Omit<Body, 'status'> & { readonly status: JobStatus };

/** The fields of a job that a list has. */
export type JobSummary = WithStatus<components['schemas']['JobSummary']>;
/** A job. */
export type Job = WithStatus<components['schemas']['Job']>;
/** A job with links to its results, and, with `include: 'object-urls'`, to its files. */
export type JobWithLinks = Omit<ResponseOf<'/api/v1/jobs/get', 'get'>, 'job_info'> & { readonly job_info: Job };
/** A link, and when it expires (RFC 3339). */
export type ObjectUrl = ResponseOf<'/api/v1/jobs/get-object-url', 'get'>;
/** Counts of what one request to delete a job removed. */
export type DeleteReceipt = components['schemas']['Receipt'];

/** A part of a list. */
export interface JobPage {
  readonly jobs: readonly JobSummary[];
  /** Start of the next part; `undefined` if this is the last one. */
  readonly nextCursor: string | undefined;
}
