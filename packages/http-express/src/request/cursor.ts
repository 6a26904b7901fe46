import { createHash } from 'node:crypto';
import { parseJobId, type JobFilter, type JobId } from '@jobs-api/core';

/** The list that a cursor belongs to. */
export interface CursorScope extends JobFilter {
  readonly order: 'asc' | 'desc';
}

/** The position at which a list continues. */
export interface CursorPosition {
  readonly after: JobId;
  /** Says which list this is: the same text for the same order and filters. */
  readonly scope: string;
}

const VERSION = '2';
/** Bytes of a digest: two lists have the same one by a chance of 1 in 2^96. */
const DIGEST_BYTES = 12;

/** Opaque to callers, so that it may change. It needs no signature: it only positions within the caller's own list. */
export const encodeCursor = (scope: CursorScope, after: JobId): string => encode({ scope: scopeOf(scope), after });

/** Returns `undefined` if `text` is not, to the letter, what {@link encodeCursor} returns. */
export const decodeCursor = (text: string): CursorPosition | undefined => {
  const match = CURSOR.exec(Buffer.from(text, 'base64url').toString());
  if (!match) return undefined;
  try {
    const position = { scope: match[1] as string, after: parseJobId(match[2]) };
    return encode(position) === text ? position : undefined;
  } catch {
    return undefined;
  }
};

const CURSOR = new RegExp(`^${VERSION}\\.((?:asc|desc)\\.[A-Za-z0-9_-]{${(DIGEST_BYTES * 4) / 3}})\\.([0-9]+)$`);

const encode = ({ scope, after }: CursorPosition): string =>
  Buffer.from([VERSION, scope, after].join('.')).toString('base64url');

/** Filters that mean the same have the same digest, however they were written. */
export const scopeOf = ({ order, statuses, name, createdAfter, createdBefore }: CursorScope): string => {
  const codes = statuses && [...new Set(statuses)].sort();
  const filters = JSON.stringify([codes, name, createdAfter?.toString(), createdBefore?.toString()]);
  const digest = createHash('sha256').update(filters).digest().subarray(0, DIGEST_BYTES).toString('base64url');
  return `${order}.${digest}`;
};
