import { join } from 'node:path';

/** Well under the 255 bytes that a name may have on most file systems. */
const MAX_NAME_LENGTH = 200;

const bytesInHex = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/**
 * Percent-encodes all but `a-z 0-9 _ -` and single dots between them: capitals too, since some file systems hold them
 * and small letters for the same.
 */
const encode = (segment: string): string => segment.replaceAll(/[^a-z0-9_.-]|\.(?![a-z0-9])/gu, bytesInHex);

/** A name that is too long becomes a path: `~` marks what is continued in the next name. */
const named = (mark: '+' | '=', segment: string): string => {
  const parts = encode(segment).match(new RegExp(`.{1,${MAX_NAME_LENGTH}}`, 'g')) ?? [''];
  return join(...parts.slice(0, -1).map((part) => `~${part}`), `${mark}${parts.at(-1)}`);
};

/**
 * Where an object is, below the folder of all of them: `alice/1/photo.png` at `+alice/+1/=photo.png`. No two keys share
 * a path, none leads out of the folder, and none is a folder where another one is a file, whatever the keys are.
 */
export const objectPath = (key: string): string => {
  const segments = key.split('/');
  const name = segments.pop() as string;
  return join(...segments.map((segment) => named('+', segment)), named('=', name));
};

/** The folder of everything whose key starts with the prefix, which ends in a slash. */
export const folderPath = (prefix: string): string =>
  join(
    ...prefix
      .split('/')
      .slice(0, -1)
      .map((segment) => named('+', segment)),
  );

/** What an unfinished upload is called, in the folder where the object will be. */
export const UPLOAD_MARK = '-';
