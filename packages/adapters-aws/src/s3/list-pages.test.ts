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

  test.each(['a b/1/', 'ab/1/'])('have each of two uploads of each key under %s once', async (prefix) => {
    const stored = NAMES.sort().flatMap((name) => ['x', 'y'].map((id) => ({ name: prefix + name, id })));
    const client = clientOf(stored, habits);
    const list = await read(pagesOfUploads({ client, bucketName: 'jobs', prefix }));
    expect(list).toEqual({ entries: stored.map(({ name, id }) => `${name} ${id}`).sort(), folders: [], isLast: true });
  });

  test.each([2, 3, 4, 5, 7].flatMap((count) => ['a b/1/', 'ab/1/'].map((prefix) => [count, prefix] as const)))(
    'have each of %i versions and delete markers of each key under %s once',
    async (count, prefix) => {
      const stored = NAMES.sort().flatMap((name) =>
        Array.from({ length: count }, (__, age) => ({
          ...{ name: prefix + name, id: `${name} ${age}`, written: new Date(1e12 - age) },
          isMarker: age % 2 === 0,
        })),
      );
      const client = clientOf(stored, habits);
      const list = await read(pagesOfVersions({ client, bucketName: 'jobs', prefix }));
      expect(list).toEqual({
        entries: stored.map(({ name, id }) => `${name} ${id}`).sort(),
        folders: [],
        isLast: true,
      });
    },
  );
});

describe('a page', () => {
  const query = { bucketName: 'jobs', prefix: 'a b/', maxKeys: 2 } as const;
  const written = new Date(1e12);
  /** A client of a server that sends these pages, and the requests that it receives. */
  const serve = (...pages: object[]) => {
    const inputs: object[] = [];
    const send = async ({ input }: { input: object }) => {
      inputs.push(input);
      return pages[inputs.length - 1] ?? {};
    };
    return { client: { send } as unknown as S3Client, inputs };
  };
  const all = async (pages: AsyncIterable<ListPage>) => {
    const list: ListPage[] = [];
    for await (const page of pages) list.push(page);
    return list;
  };

  test('of versions has delete markers first, the size and the date of each, and the folders', async () => {
    const { client } = serve({
      IsTruncated: false,
      EncodingType: 'url',
      Versions: [
        { Key: 'a+b/1', VersionId: 'v1', Size: 7, LastModified: written },
        { Key: 'a+b/2', VersionId: 'v2', LastModified: written },
      ],
      DeleteMarkers: [{ Key: 'a+b/1', VersionId: 'v3', LastModified: written }],
      CommonPrefixes: [{ Prefix: 'a+b/c/' }],
    });
    expect(await all(pagesOfVersions({ ...query, client }))).toEqual([
      {
        entries: [
          { keys: ['a b/1'], id: 'v3', size: 0, written },
          { keys: ['a b/1'], id: 'v1', size: 7, written },
          { keys: ['a b/2'], id: 'v2', size: 0, written },
        ],
        folders: ['a b/c/'],
        isLast: true,
      },
    ]);
  });

  test('of uploads has the date of each, and no size', async () => {
    const { client } = serve({ IsTruncated: false, Uploads: [{ Key: 'a b/1', UploadId: 'u1', Initiated: written }] });
    expect(await all(pagesOfUploads({ ...query, client }))).toEqual([
      { entries: [{ keys: ['a b/1'], id: 'u1', size: 0, written }], folders: [], isLast: true },
    ]);
  });

  test('may have no date: it counts as new', async () => {
    const { client } = serve({ IsTruncated: false, Uploads: [{ Key: 'a b/1', UploadId: 'u1' }] });
    const start = Date.now();
    const [page] = await all(pagesOfUploads({ ...query, client }));
    expect(page?.entries[0]?.written.getTime()).toBeGreaterThanOrEqual(start);
  });

  test('of versions is requested with URL-encoded keys, and the next one from its markers on', async () => {
    const page = { Versions: [{ Key: 'a b/1', VersionId: 'v1' }], NextKeyMarker: 'a b/1', NextVersionIdMarker: 'v0' };
    const { client, inputs } = serve({ IsTruncated: true, ...page }, { IsTruncated: false });
    expect((await all(pagesOfVersions({ ...query, client, delimiter: '/' }))).map(({ isLast }) => isLast)).toEqual([
      false,
      true,
    ]);
    const common = { Bucket: 'jobs', Prefix: 'a b/', Delimiter: '/', EncodingType: 'url', MaxKeys: 2 };
    expect(inputs).toEqual([common, { ...common, KeyMarker: 'a b/1', VersionIdMarker: 'v0' }]);
  });

  test('of uploads is requested with URL-encoded keys, and the next one from its markers on', async () => {
    const page = { Uploads: [{ Key: 'a b/1', UploadId: 'u1' }], NextKeyMarker: 'a b/1', NextUploadIdMarker: 'u0' };
    const { client, inputs } = serve({ IsTruncated: true, ...page }, { IsTruncated: false });
    await all(pagesOfUploads({ ...query, client }));
    const common = { Bucket: 'jobs', Prefix: 'a b/', EncodingType: 'url', MaxUploads: 2 };
    expect(inputs).toEqual([common, { ...common, KeyMarker: 'a b/1', UploadIdMarker: 'u0' }]);
  });

  test.each<[string, string | undefined, string, readonly string[]]>([
    ['encoded, as it says', 'url', 'a+b/%41', ['a b/A']],
    ['plain, although it says that it is encoded', 'url', 'a b/100%', ['a b/100%']],
    ['encoded without saying so', undefined, 'a+b/%41', ['a b/A']],
    ['either of two', 'url', 'a b/%41', ['a b/A', 'a b/%41']],
    ['either of two, more likely plain', undefined, 'a b/%41', ['a b/%41', 'a b/A']],
    ['the same in both ways', undefined, 'a b/1', ['a b/1']],
  ])('may have a key that is %s', async (_, EncodingType, Key, keys) => {
    const { client } = serve({ IsTruncated: false, EncodingType, Uploads: [{ Key, UploadId: 'u1' }] });
    const [page] = await all(pagesOfUploads({ ...query, client }));
    expect(page?.entries[0]?.keys).toEqual(keys);
  });

  test.each<[string | undefined, readonly string[]]>([
    ['url', ['a b/A/']],
    [undefined, ['a b/%41/', 'a b/A/']],
  ])('with the encoding %s has the folder a b/%%41/ as %j', async (EncodingType, folders) => {
    const { client } = serve({ IsTruncated: false, EncodingType, CommonPrefixes: [{ Prefix: 'a b/%41/' }] });
    const [page] = await all(pagesOfVersions({ ...query, client, delimiter: '/' }));
    expect(page?.folders).toEqual(folders);
  });

  test('is an error if some of its keys or folders are not under the prefix', async () => {
    const { client } = serve({
      IsTruncated: false,
      Versions: [{ Key: 'a b/1' }, { Key: 'b/1' }, {}],
      CommonPrefixes: [{ Prefix: 'b/' }],
    });
    await expect(all(pagesOfVersions({ ...query, client }))).rejects.toThrow(
      'ListObjectVersions failed: 3 of 4 keys are not under the prefix requested',
    );
  });

  test('of a version and a delete marker of the same second ends with the version, if the server names none', async () => {
    const { client, inputs } = serve(
      {
        IsTruncated: true,
        NextKeyMarker: 'a b/1',
        NextVersionIdMarker: 'null',
        DeleteMarkers: [{ Key: 'a b/1', VersionId: 'v2', LastModified: written }],
        Versions: [{ Key: 'a b/1', VersionId: 'v1', LastModified: written }],
      },
      { IsTruncated: false },
    );
    await all(pagesOfVersions({ ...query, client }));
    expect(inputs[1]).toMatchObject({ KeyMarker: 'a b/1', VersionIdMarker: 'v1' });
  });

  test('may have markers that are none of its entries', async () => {
    const { client, inputs } = serve(
      {
        IsTruncated: true,
        NextKeyMarker: 'a b/2',
        NextVersionIdMarker: 'null',
        Versions: [{ Key: 'a b/1', VersionId: 'v1' }],
      },
      { IsTruncated: false },
    );
    await all(pagesOfVersions({ ...query, client }));
    expect(inputs[1]).toMatchObject({ KeyMarker: 'a b/2', VersionIdMarker: 'null' });
  });

  test.each([
    ['no marker', undefined],
    ['a marker outside the prefix', 'b/1'],
  ])('that continues with %s ends the list, and is not the last one', async (_, NextKeyMarker) => {
    const { client, inputs } = serve({ IsTruncated: true, NextKeyMarker, Versions: [{ Key: 'a b/1' }] });
    expect((await all(pagesOfVersions({ ...query, client }))).map(({ isLast }) => isLast)).toEqual([false]);
    expect(inputs).toHaveLength(1);
  });

  test.each([
    ['ListObjectVersions', pagesOfVersions],
    ['ListMultipartUploads', pagesOfUploads],
  ])('is an error if the response to %s is not a list', async (call, pagesOf) => {
    const { client } = serve({});
    await expect(all(pagesOf({ ...query, client }))).rejects.toThrow(`${call} failed: the response is not a list`);
  });

  test('is an error if it is the fourth in a row that has no entries, and the list continues', async () => {
    const { client, inputs } = serve(...Array<object>(9).fill({ IsTruncated: true, NextKeyMarker: 'a b/1' }));
    await expect(all(pagesOfVersions({ ...query, client }))).rejects.toThrow(
      'ListObjectVersions failed: the list continues, but has no entries',
    );
    expect(inputs).toHaveLength(4);
  });

  test('without entries is passed on only if it is the last one', async () => {
    const empty = { IsTruncated: true, NextKeyMarker: 'a b/1' };
    const filled = { ...empty, Versions: [{ Key: 'a b/1', VersionId: 'v1' }] };
    const { client } = serve(empty, empty, empty, filled, empty, empty, empty, { IsTruncated: false });
    const list = await all(pagesOfVersions({ ...query, client }));
    expect(list.map(({ entries, isLast }) => [entries.length, isLast])).toEqual([
      [1, false],
      [0, true],
    ]);
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
