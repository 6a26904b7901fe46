import { parseJobId, parseObjectUuid } from '@jobs-api/core';
import type { JobId, ObjectUuid, Parameter } from '@jobs-api/core';

/** What this API calls the core's parameters, and of which type it says they are. */
export const queryParameters = {
  jobId: { name: 'job-id', type: 'number' },
  objectUuid: { name: 'object-uuid', type: 'string' },
} as const satisfies Record<Parameter, { name: string; type: 'number' | 'string' }>;

/** For Express: the platform's own parser, so that both driving adapters read a raw query alike. */
export const parseQuery = (raw: string | null | undefined): URLSearchParams => new URLSearchParams(raw ?? '');

/** @throws InvalidParameter */
export const jobIdOf = (query: URLSearchParams): JobId => parseJobId(valueOf(query, 'jobId'));

/** @throws InvalidParameter */
export const objectUuidOf = (query: URLSearchParams): ObjectUuid => parseObjectUuid(valueOf(query, 'objectUuid'));

/** The value of a parameter; a list, which no parser takes, where it is given twice or as `name[]`. */
const valueOf = (query: URLSearchParams, parameter: Parameter): string | readonly string[] | undefined => {
  const { name } = queryParameters[parameter];
  const given = [...query].filter(([key]) => key === name || key.startsWith(`${name}[`));
  const [first] = given;
  return first && (given.length > 1 || first[0] !== name) ? given.map(([, value]) => value) : first?.[1];
};
