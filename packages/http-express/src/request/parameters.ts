import {
  isKnownStatusCode,
  jobStatuses,
  parseJobId,
  parseObjectUuid,
  parseRfc3339,
  type Instant,
  type JobId,
  type KnownStatusCode,
  type ListQuery,
  type ObjectUuid,
  type Parameter,
} from '@jobs-api/core';
import { decodeCursor, scopeOf, type CursorScope } from './cursor.ts';

/**
 * The name and the type of each parameter in this API, by its name in the code. The core knows some of them. They are
 * checked in this order.
 */
export const queryParameters = {
  jobId: { name: 'job-id', type: 'number' },
  objectUuid: { name: 'object-uuid', type: 'string' },
  createdAfter: { name: 'created-after', type: 'string' },
  createdBefore: { name: 'created-before', type: 'string' },
  cursor: { name: 'cursor', type: 'string' },
  downloadAs: { name: 'download-as', type: 'string' },
  expiresIn: { name: 'expires-in', type: 'number' },
  include: { name: 'include', type: 'string' },
  jobIds: { name: 'job-ids', type: 'string' },
  limit: { name: 'limit', type: 'number' },
  name: { name: 'name', type: 'string' },
  onlyIf: { name: 'only-if', type: 'string' },
  order: { name: 'order', type: 'string' },
  result: { name: 'result', type: 'string' },
  status: { name: 'status', type: 'string' },
} as const satisfies Record<Parameter, { name: string; type: 'number' | 'string' }> & Record<string, object>;

export type QueryParameter = keyof typeof queryParameters;

/** Returns a parameter as an error names it: `job-id: number`. */
export const parameterWithType = (parameter: QueryParameter): string => {
  const { name, type } = queryParameters[parameter];
  return `${name}: ${type}`;
};

/** A parameter that only HTTP has is malformed. */
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
/** How many jobs one request may name. */
export const MAX_JOB_IDS = 100;
/** Longest lifetime of a link, in seconds: what S3 allows. */
export const MAX_EXPIRES_IN = 604_800;

const WHOLE_NUMBER = /^[1-9][0-9]*$/;
const DOWNLOAD_NAME = /^[^/\\\p{Control}\p{Surrogate}]{1,255}$/u;
const NAME = /^.{1,255}$/su;

const CURSOR_RULE = 'must be a next_cursor of this list';
const DATE_RULE = 'must be an RFC 3339 date-time such as 2026-01-31T00:00:00Z';
const STATUS_RULE = `must be one or more of ${Object.keys(jobStatuses).join(', ')} separated by commas`;
const NOT_WITH_JOB_IDS = 'cannot be combined with job-ids';

/** Parses a raw query with the platform's own parser, so that both entry points read it alike. */
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
 * Returns how long links are to work, in seconds.
 *
 * @throws InvalidQueryParameter
 */
export const expiresInOf = (query: URLSearchParams): number | undefined =>
  wholeNumber(query, 'expiresIn', MAX_EXPIRES_IN);

/**
 * Returns whether the response is to include something.
 *
 * @throws InvalidQueryParameter
 */
export const includes = (query: URLSearchParams, what: 'object-urls' | 'receipt'): boolean =>
  oneOf(query, 'include', [what]) !== undefined;

/** @throws InvalidQueryParameter */
export const isOnlyIfFinished = (query: URLSearchParams): boolean => oneOf(query, 'onlyIf', ['finished']) !== undefined;

/** @throws InvalidQueryParameter */
export const resultOf = (query: URLSearchParams): 'full' | 'min' | undefined => oneOf(query, 'result', ['full', 'min']);

/**
 * Returns which jobs to list.
 *
 * @throws InvalidQueryParameter for the first parameter that is wrong, by name
 */
export const listQueryOf = (query: URLSearchParams): ListQuery & CursorScope => {
  const createdAfter = instant(query, 'createdAfter');
  const createdBefore = instant(query, 'createdBefore');
  const hasJobIds = isGiven(valueOf(query, 'jobIds'));
  if (hasJobIds) rejectIfGiven(query, 'cursor');
  const cursor = optional(query, 'cursor', CURSOR_RULE, decodeCursor);
  const jobIds = optional(query, 'jobIds', `must be 1 to ${MAX_JOB_IDS} job ids separated by commas`, parseJobIds);
  if (hasJobIds) rejectIfGiven(query, 'limit');
  const limit = wholeNumber(query, 'limit', MAX_LIMIT);
  const name = optional(query, 'name', 'must be 1 to 255 characters', (value) =>
    NAME.test(value) ? value : undefined,
  );
  const order = oneOf(query, 'order', ['asc', 'desc']) ?? 'asc';
  const statuses = optional(query, 'status', STATUS_RULE, parseStatuses);
  const scope = { order, statuses, name, createdAfter, createdBefore };
  // A position in another list means nothing in this one.
  if (cursor && cursor.scope !== scopeOf(scope)) throw new InvalidQueryParameter('cursor', CURSOR_RULE);
  return { ...scope, jobIds, limit, after: cursor?.after };
};

const parseJobIds = (value: string): readonly JobId[] | undefined => {
  const ids = value.split(',', MAX_JOB_IDS + 1);
  if (ids.length > MAX_JOB_IDS) return undefined;
  try {
    return ids.map(parseJobId);
  } catch {
    return undefined;
  }
};

const parseStatuses = (value: string): readonly KnownStatusCode[] | undefined => {
  const codes = value.split(',');
  return codes.every(isKnownStatusCode) ? codes : undefined;
};

const rejectIfGiven = (query: URLSearchParams, parameter: QueryParameter): void => {
  if (isGiven(valueOf(query, parameter))) throw new InvalidQueryParameter(parameter, NOT_WITH_JOB_IDS);
};

const instant = (query: URLSearchParams, parameter: QueryParameter): Instant | undefined =>
  optional(query, parameter, DATE_RULE, parseRfc3339);

const wholeNumber = (query: URLSearchParams, parameter: QueryParameter, max: number): number | undefined =>
  optional(query, parameter, `must be a whole number from 1 to ${max}`, (value) =>
    WHOLE_NUMBER.test(value) && Number(value) <= max ? Number(value) : undefined,
  );

const oneOf = <Value extends string>(
  query: URLSearchParams,
  parameter: QueryParameter,
  values: readonly Value[],
): Value | undefined =>
  optional(query, parameter, `must be ${values.join(' or ')}`, (value) => values.find((one) => one === value));

/** Returns the value of a parameter that may be missing; empty counts as missing. */
const optional = <Value>(
  query: URLSearchParams,
  parameter: QueryParameter,
  problem: string,
  parse: (value: string) => Value | undefined,
): Value | undefined => {
  const value = valueOf(query, parameter);
  if (!isGiven(value)) return undefined;
  const parsed = typeof value === 'string' ? parse(value) : undefined;
  if (parsed === undefined) throw new InvalidQueryParameter(parameter, problem);
  return parsed;
};

type ParameterValue = string | readonly string[];

const isGiven = (value: ParameterValue | undefined): value is ParameterValue => value !== undefined && value !== '';

/** Returns the value of a parameter; an array, which no parser takes, if it is given twice or as `name[]`. */
const valueOf = (query: URLSearchParams, parameter: QueryParameter): ParameterValue | undefined => {
  const { name } = queryParameters[parameter];
  const given = [...query].filter(([key]) => key === name || key.startsWith(`${name}[`));
  const [first] = given;
  return first && (given.length > 1 || first[0] !== name) ? given.map(([, value]) => value) : first?.[1];
};
