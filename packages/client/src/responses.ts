import type { components, paths } from './openapi.ts';

/** What an operation of the document takes as its query. */
export type QueryOf<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  parameters: { query?: infer Query };
}
  ? Query
  : never;

/** What an operation of the document answers when all is well. */
export type AnswerOf<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  responses: { 200: { content: { 'application/json': infer Answer } } };
}
  ? Answer
  : never;

/** What a list shows of a job. */
export type JobSummary = components['schemas']['JobSummary'];
/** A job. */
export type Job = components['schemas']['Job'];
/** A job with links to its results, and to its files where they were asked for. */
export type JobWithLinks = AnswerOf<'/api/v1/jobs/get', 'get'>;
/** A link, and when it expires (RFC 3339). */
export type ObjectUrl = AnswerOf<'/api/v1/jobs/get-object-url', 'get'>;
