import { isKnownStatusCode, parseJobId } from '@jobs-api/core';
import type { JobId, KnownStatusCode } from '@jobs-api/core';

/** The list that a cursor belongs to. */
export interface CursorScope {
  readonly order: 'asc' | 'desc';
  readonly status: KnownStatusCode | undefined;
}

/** Where to go on in a list. */
export interface Cursor extends CursorScope {
  readonly after: JobId;
}

const VERSION = '1';

/** Opaque to callers, so that it may change. It needs no signature: it only positions within the caller's own list. */
export const encodeCursor = ({ order, status, after }: Cursor): string =>
  Buffer.from([VERSION, order, status ?? '', after].join('.')).toString('base64url');

/** `undefined` where `text` is not, to the letter, what {@link encodeCursor} makes. */
export const decodeCursor = (text: string): Cursor | undefined => {
  const [, order, status, after] = Buffer.from(text, 'base64url').toString().split('.');
  if (order !== 'asc' && order !== 'desc') return undefined;
  if (status === undefined || (status !== '' && !isKnownStatusCode(status))) return undefined;
  try {
    const cursor = { order, status: status === '' ? undefined : status, after: parseJobId(after) } as const;
    return encodeCursor(cursor) === text ? cursor : undefined;
  } catch {
    return undefined;
  }
};
