import { isKnownStatusCode, jobStatuses, parseJobId, parseObjectUuid } from '@jobs-api/core';
import type { JobId, ObjectUuid, Parameter } from '@jobs-api/core';
import { decodeCursor } from './cursor.ts';
import type { CursorScope } from './cursor.ts';

/** What this API calls its parameters, those of the core among them, and of which type it says they are. */
export const queryParameters = {
  jobId: { name: 'job-id', type: 'number' },
  objectUuid: { name: 'object-uuid', type: 'string' },
  cursor: { name: 'cursor', type: 'string' },
  downloadAs: { name: 'download-as', type: 'string' },
  include: { name: 'include', type: 'string' },
  limit: { name: 'limit', type: 'number' },
  order: { name: 'order', type: 'string' },
  status: { name: 'status', type: 'string' },
} as const satisfies Record<Parameter, { name: string; type: 'number' | 'string' }> & Record<string, object>;

export type QueryParameter = keyof typeof queryParameters;

/** A parameter as an error names it: `job-id: number`. */
export const parameterWithType = (parameter: QueryParameter): string => {
  const { name, type } = queryParameters[parameter];
  return `${name}: ${type}`;
};

/** A parameter that only HTTP has, malformed. */
export class InvalidQueryParameter extends Error {
  readonly parameter: QueryParameter;
  /** The rest of a sentence that starts with the parameter. */
  readonly problem: string;

  constructor(parameter: QueryParameter, problem: string) {
    super(`${queryParameters[parameter].name} ${problem}`);
    this.parameter = parameter;
    this.problem = problem;
  }
}

/** How many jobs a page may hold. */
export const MAX_LIMIT = 1000;
const LIMIT = /^[1-9][0-9]{0,3}$/;
const DOWNLOAD_NAME = /^[^/\\\p{Control}\p{Surrogate}]{1,255}$/u;

const CURSOR_PROBLEM = 'must be a next_cursor of this list';
const STATUS_PROBLEM = `must be one of ${Object.keys(jobStatuses).join(', ')}`;

/** For Express: the platform's own parser, so that both driving adapters read a raw query alike. */
export const parseQuery = (raw: string | null | undefined): URLSearchParams => new URLSearchParams(raw ?? '');

/** @throws InvalidParameter */
export const jobIdOf = (query: URLSearchParams): JobId => parseJobId(valueOf(query, 'jobId'));

/** @throws InvalidParameter */
export const objectUuidOf = (query: URLSearchParams): ObjectUuid => parseObjectUuid(valueOf(query, 'objectUuid'));

/** @throws InvalidQueryParameter */
export const downloadAsOf = (query: URLSearchParams): string | undefined =>
  optional(query, 'downloadAs', 'must be 1 to 255 characters without control characters, / or \\', (value) =>
    DOWNLOAD_NAME.test(value) ? value : undefined,
  );

/**
 * Whether the answer is to hold links to the uploaded files.
 *
 * @throws InvalidQueryParameter
 */
export const includesObjectUrls = (query: URLSearchParams): boolean =>
  optional(query, 'include', 'must be object-urls', (value) => value === 'object-urls' || undefined) ?? false;

/**
 * Which jobs to list. Looks at the parameters by name, so that of several that are wrong the first is told.
 *
 * @throws InvalidQueryParameter
 */
export const listQueryOf = (
  query: URLSearchParams,
): CursorScope & { limit?: number | undefined; after?: JobId | undefined } => {
  const cursor = optional(query, 'cursor', CURSOR_PROBLEM, decodeCursor);
  const limit = optional(query, 'limit', `must be a whole number from 1 to ${MAX_LIMIT}`, (value) =>
    LIMIT.test(value) && Number(value) <= MAX_LIMIT ? Number(value) : undefined,
  );
  const order = optional<'asc' | 'desc'>(query, 'order', 'must be asc or desc', (value) =>
    value === 'asc' || value === 'desc' ? value : undefined,
  );
  const status = optional(query, 'status', STATUS_PROBLEM, (value) => (isKnownStatusCode(value) ? value : undefined));
  const scope = { order: order ?? 'asc', status };
  // A position in another list means nothing in this one.
  if (cursor && (cursor.order !== scope.order || cursor.status !== scope.status))
    throw new InvalidQueryParameter('cursor', CURSOR_PROBLEM);
  return { ...scope, limit, after: cursor?.after };
};

/** What a parameter that may be missing stands for; empty counts as missing. */
const optional = <Value>(
  query: URLSearchParams,
  parameter: QueryParameter,
  problem: string,
  parse: (value: string) => Value | undefined,
): Value | undefined => {
  const value = valueOf(query, parameter);
  if (value === undefined || value === '') return undefined;
  const parsed = typeof value === 'string' ? parse(value) : undefined;
  if (parsed === undefined) throw new InvalidQueryParameter(parameter, problem);
  return parsed;
};

/** The value of a parameter; a list, which no parser takes, where it is given twice or as `name[]`. */
const valueOf = (query: URLSearchParams, parameter: QueryParameter): string | readonly string[] | undefined => {
  const { name } = queryParameters[parameter];
  const given = [...query].filter(([key]) => key === name || key.startsWith(`${name}[`));
  const [first] = given;
  return first && (given.length > 1 || first[0] !== name) ? given.map(([, value]) => value) : first?.[1];
};
