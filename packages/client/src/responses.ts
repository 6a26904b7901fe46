import type { components, paths } from './openapi.ts';

/** The query parameters of an operation of the document. */
type QueryOf<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  parameters: { query?: infer Query };
}
  ? NonNullable<Query>
  : never;

/** The body of an operation's 200 response. */
type ResponseOf<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  responses: { 200: { content: { 'application/json': infer Body } } };
}
  ? Body
  : never;

/** Every status that the document has. */
export type KnownJobStatus = NonNullable<QueryOf<'/api/v1/jobs/list', 'get'>['status']>;
/** The status of a job. The service passes on those that it does not know, so any other string is one as well. */
export type JobStatus = KnownJobStatus | (string & {});

type WithStatus<Body> = Omit<Body, 'status'> & { readonly status: JobStatus; readonly finished: boolean };

/** The fields of a job that a list has. */
export type JobSummary = WithStatus<components['schemas']['JobSummary']>;
/** A job. */
export type Job = WithStatus<components['schemas']['Job']>;
/** A job with links to its results, and, with `include: 'object-urls'`, to its files. */
export type JobWithLinks = Omit<ResponseOf<'/api/v1/jobs/get', 'get'>, 'job_info'> & { readonly job_info: Job };
/** A link, and when it expires (RFC 3339). */
export type ObjectUrl = ResponseOf<'/api/v1/jobs/get-object-url', 'get'>;

/** A part of a list. */
export interface JobPage {
  readonly jobs: readonly JobSummary[];
  /** Where the next part begins; `undefined` if this is the last one. */
  readonly nextCursor: string | undefined;
}

/** What one request to delete a job removed. */
export interface DeleteReceipt {
  readonly job_id: number;
  readonly record: 'deleted' | 'absent';
  /** Objects, versions and delete markers. */
  readonly objects: number;
  /** Uploads that had not been completed. */
  readonly uploads: number;
  readonly bytes: number;
  /** When a last look found nothing of the job (RFC 3339). */
  readonly verified_at: string;
}
