import { describe, expect, test } from '@jest/globals';
import { ListObjectVersionsCommand, type ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { pagesOfUploads, pagesOfVersions, type ListPage } from './list-pages.ts';

/** How a compatible server differs from S3. */
interface Habits {
  /** Whether markers are sent URL-encoded, as keys are. */
  readonly encodesMarkers: boolean;
  /** Whether a marker has the version of the last entry with it, or always `null`. */
  readonly namesVersions: boolean;
}

const HABITS: [string, Habits][] = [
  ['S3', { encodesMarkers: true, namesVersions: true }],
  ['OpenStack Swift', { encodesMarkers: false, namesVersions: false }],
];
const PAGE_SIZE = 3;

/** A version, a delete marker or an upload; without an id a folder. */
interface Item {
  readonly name: string;
  readonly id?: string;
  readonly isMarker?: boolean;
  readonly written?: Date;
}

const encode = (key: string) => encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+');

/** A client of a server that stores these items, by key and newest first. */
const clientOf = (stored: readonly Item[], { encodesMarkers, namesVersions }: Habits): S3Client => {
  const itemsUnder = (prefix: string, delimiter: string | undefined) => {
    const items: Item[] = [];
    for (const item of stored.filter(({ name }) => name.startsWith(prefix))) {
      const end = delimiter === undefined ? 0 : item.name.indexOf(delimiter, prefix.length) + 1;
      const folder = item.name.slice(0, end);
      if (end === 0) items.push(item);
      else if (items.at(-1)?.name !== folder) items.push({ name: folder });
    }
    return items;
  };
  const send = async (command: ListObjectVersionsCommand | ListMultipartUploadsCommand) => {
    const isVersions = command instanceof ListObjectVersionsCommand;
    const { Prefix = '', Delimiter, KeyMarker = '' } = command.input;
    const id = isVersions ? command.input.VersionIdMarker : command.input.UploadIdMarker;
    const items = itemsUnder(Prefix, Delimiter);
    const exact = items.findIndex((item) => item.name === KeyMarker && item.id !== undefined && item.id === id);
    const next = items.findIndex(({ name }) => name > KeyMarker);
    const rest = exact < 0 && next < 0 ? [] : items.slice(exact < 0 ? next : exact + 1);
    const page = rest.slice(0, PAGE_SIZE);
    const last = page.at(-1);
    const entries = page.flatMap((item) =>
      item.id === undefined
        ? []
        : [{ ...item, Key: encode(item.name), VersionId: item.id, LastModified: item.written }],
    );
    return {
      IsTruncated: rest.length > page.length,
      EncodingType: 'url',
      NextKeyMarker: last && encodesMarkers ? encode(last.name) : last?.name,
      NextVersionIdMarker: namesVersions ? last?.id : 'null',
      NextUploadIdMarker: last?.id,
      Versions: entries.filter(({ isMarker }) => !isMarker),
      DeleteMarkers: entries.filter(({ isMarker }) => isMarker),
      Uploads: entries.map(({ VersionId, ...entry }) => ({ ...entry, UploadId: VersionId })),
      CommonPrefixes: page.filter((item) => item.id === undefined).map(({ name }) => ({ Prefix: encode(name) })),
    };
  };
  return { send } as unknown as S3Client;
};

const NAMES = ['a b', 'a+b', 'a%20b', 'a%41', 'aA', '100%', 'ünï 名', 'a&b=c;d', '<&">^`{|}[]'];

const read = async (pages: AsyncIterable<ListPage>) => {
  const [entries, folders]: [string[], string[]] = [[], []];
  let isLast = false;
  for await (const page of pages) {
    entries.push(...page.entries.map(({ keys, id }) => `${keys[0]} ${id}`));
    folders.push(...page.folders);
    isLast = page.isLast;
  }
  return { entries: entries.sort(), folders: folders.sort(), isLast };
};

describe.each(HABITS)('the lists of a server with the habits of %s', (_, habits) => {
  const FOLDERS = NAMES.map((name) => `${name}/`).sort();

  test('have each folder once, whatever its name', async () => {
    const stored = FOLDERS.flatMap((folder) => ['1', '2'].map((name) => ({ name: folder + name, id: 'x' })));
    const client = clientOf(stored, habits);
    const list = await read(pagesOfVersions({ client, bucketName: 'jobs', prefix: '', delimiter: '/' }));
    expect(list).toEqual({ entries: [], folders: FOLDERS, isLast: true });
  });

  test('have each of two uploads of each key once', async () => {
    const stored = NAMES.sort().flatMap((name) => ['x', 'y'].map((id) => ({ name: `a b/1/${name}`, id })));
    const client = clientOf(stored, habits);
    const list = await read(pagesOfUploads({ client, bucketName: 'jobs', prefix: 'a b/1/' }));
    expect(list).toEqual({ entries: stored.map(({ name, id }) => `${name} ${id}`).sort(), folders: [], isLast: true });
  });

  test.each([2, 3, 4, 5, 7])('have each of %i versions and delete markers of each key once', async (count) => {
    const stored = NAMES.sort().flatMap((name) =>
      Array.from({ length: count }, (__, age) => ({
        ...{ name: `a b/1/${name}`, id: `${name} ${age}`, written: new Date(1e12 - age) },
        isMarker: age % 2 === 0,
      })),
    );
    const client = clientOf(stored, habits);
    const list = await read(pagesOfVersions({ client, bucketName: 'jobs', prefix: 'a b/1/' }));
    expect(list).toEqual({ entries: stored.map(({ name, id }) => `${name} ${id}`).sort(), folders: [], isLast: true });
  });
});

describe('a list that repeats', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['one page', [], ['a']],
    ['two pages', [], ['a', 'b']],
    ['two pages after three others', ['x', 'y', 'z'], ['a', 'b']],
    ['five pages', [], ['a', 'b', 'c', 'd', 'e']],
  ])('%s ends, and not with its last page', async (_, first, repeated) => {
    let calls = 0;
    const send = async () => {
      const name = first[calls] ?? repeated[calls % repeated.length];
      return { IsTruncated: true, NextKeyMarker: `${name}${++calls}`, Versions: [{ Key: name }] };
    };
    const client = { send } as unknown as S3Client;
    const { isLast } = await read(pagesOfVersions({ client, bucketName: 'jobs', prefix: '' }));
    expect(isLast).toBe(false);
    expect(calls).toBeLessThanOrEqual((first.length + repeated.length) * 3);
  });
});
