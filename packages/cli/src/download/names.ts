import filenamify from 'filenamify';

/** A file to download: its name, and its id among the files of the job. */
export interface Named {
  readonly uuid: string;
  readonly name: string;
}

/** File systems allow 255 bytes for a name. */
const LONGEST = 200;

/** Makes a name of any text that is one on every system: no folders, no reserved names, not too long. */
export const safeName = (text: string): string => {
  // Lone surrogates, which no file system can store, are replaced on the way through bytes.
  const wellFormed = Buffer.from(text).toString().normalize('NFC');
  const name = filenamify(wellFormed, { replacement: '_', maxLength: Number.MAX_SAFE_INTEGER });
  const [, stem = name, extension = ''] = /^(.+?)(\.[^.]{1,16})?$/s.exec(name) ?? [];
  return cut(stem, LONGEST - Buffer.byteLength(extension)) + extension;
};

/**
 * Gives each file a name of its own, also on file systems that ignore case. Names that would be the same get the uuid
 * as well. A file gets the same name whenever the job has the same files, so that a download can continue later.
 *
 * @param taken names that no file may have
 */
export const uniqueNames = (files: readonly Named[], taken: readonly string[] = []): Map<string, string> => {
  const sorted = files.toSorted((a, b) => (a.uuid < b.uuid ? -1 : 1));
  const counts = new Map(taken.map((name) => [keyOf(name), 1]));
  for (const { name } of sorted) counts.set(keyOf(safeName(name)), (counts.get(keyOf(safeName(name))) ?? 0) + 1);
  const used = new Set(taken.map(keyOf));
  const names = new Map<string, string>();
  const assign = ({ uuid }: Named, name: string) => {
    let unique = name;
    for (let number = 2; used.has(keyOf(unique)); number++) unique = withSuffix(name, String(number));
    used.add(keyOf(unique));
    names.set(uuid, unique);
  };
  const isUnique = ({ name }: Named) => counts.get(keyOf(safeName(name))) === 1;
  for (const file of sorted.filter(isUnique)) assign(file, safeName(file.name));
  for (const file of sorted.filter((each) => !isUnique(each))) assign(file, withSuffix(safeName(file.name), file.uuid));
  return names;
};

const keyOf = (name: string): string => name.normalize('NFC').toLowerCase();

/** `holiday (uuid).png` */
const withSuffix = (name: string, suffix: string): string => {
  const [, stem = name, extension = ''] = /^(.+?)(\.[^.]*)?$/s.exec(name) ?? [];
  const end = ` (${safeName(suffix).slice(0, 100)})${extension}`;
  return cut(stem, LONGEST - Buffer.byteLength(end)) + end;
};

/** As many whole characters as fit into some bytes. */
const cut = (text: string, bytes: number): string => {
  let length = 0;
  let kept = '';
  for (const character of text) {
    length += Buffer.byteLength(character);
    // Windows drops dots and spaces at the end.
    if (length > bytes) return kept.replace(/[. ]+$/, '_');
    kept += character;
  }
  return kept;
};
