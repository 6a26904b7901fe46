import { join } from 'node:path';

/** Longest part of a name, in bytes: well under the 255 that most file systems allow. */
const MAX_NAME_LENGTH = 200;

const bytesInHex = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/**
 * Percent-encodes all characters except `a-z 0-9 _ -` and single dots between them. Capital letters are encoded too,
 * because some file systems do not distinguish them from small ones.
 */
const encode = (segment: string): string => segment.replaceAll(/[^a-z0-9_.-]|\.(?![a-z0-9])/gu, bytesInHex);

/** Encodes a segment as one name, or as a path if it is too long: `~` marks a name that the next one continues. */
const named = (mark: '+' | '=', segment: string): string => {
  const parts = encode(segment).match(new RegExp(`.{1,${MAX_NAME_LENGTH}}`, 'g')) ?? [''];
  return join(...parts.slice(0, -1).map((part) => `~${part}`), `${mark}${parts.at(-1)}`);
};

/**
 * Returns the path of an object, relative to the folder of all objects: `+alice/+1/=photo.png` for `alice/1/photo.png`.
 * Guaranteed for all keys: no two share a path, no path leaves the folder, and no path is a folder of one key and a file
 * of another.
 */
export const objectPath = (key: string): string => {
  const segments = key.split('/');
  const name = segments.pop() as string;
  return join(...segments.map((segment) => named('+', segment)), named('=', name));
};

/** Returns the folder of all objects whose key starts with the prefix, which ends in a slash. */
export const folderPath = (prefix: string): string =>
  join(
    ...prefix
      .split('/')
      .slice(0, -1)
      .map((segment) => named('+', segment)),
  );

/** First character of the names of unfinished uploads, in the folder of the object. */
export const UPLOAD_MARK = '-';
