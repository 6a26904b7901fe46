import { ListMultipartUploadsCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { callAws } from '../call-aws.ts';

export interface ListQuery {
  readonly client: S3Client;
  readonly bucketName: string;
  readonly prefix: string;
  /** `/` lists one level: entries, and folders for what is deeper. */
  readonly delimiter?: '/';
  readonly maxKeys?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A version of an object, a delete marker or an unfinished upload. */
export interface Entry {
  /** The keys that the server may mean, all under the prefix, the most likely one first. */
  readonly keys: Readings;
  /** A version id or an upload id. */
  readonly id: string | undefined;
  /** Bytes. 0 for delete markers and uploads. */
  readonly size: number;
  readonly written: Date;
}

/** One page of what is stored under a prefix. */
export interface ListPage {
  readonly entries: readonly Entry[];
  /** With a delimiter, the common prefixes of what is deeper. If the server may mean one of two, both: one is empty. */
  readonly folders: readonly string[];
  /** Whether the list ends here. */
  readonly isLast: boolean;
}

type Readings = readonly [string, ...string[]];

/** Pages without entries that a list may have in a row. */
const MAX_EMPTY_PAGES = 3;

/** Pages through every object as its versions and delete markers. Each object of a bucket without versions has one, named `null`. */
export const pagesOfVersions = (query: ListQuery): AsyncIterable<ListPage> =>
  pagesOf('ListObjectVersions', query, async (parameters, { key, id }, options) => {
    const input = { ...parameters, MaxKeys: query.maxKeys, KeyMarker: key, VersionIdMarker: id };
    const page = await query.client.send(new ListObjectVersionsCommand(input), options);
    const { Versions = [], DeleteMarkers = [] } = page;
    // In this order, so that of a version and a marker of the same second the version counts as older: most are.
    const stored = [...DeleteMarkers.map((marker) => ({ ...marker, Size: 0 })), ...Versions];
    const entries = stored.map(({ VersionId: id, LastModified, ...rest }) => ({ ...rest, id, written: LastModified }));
    return { ...page, nextId: page.NextVersionIdMarker, entries };
  });

/** Pages through the unfinished multipart uploads. */
export const pagesOfUploads = (query: ListQuery): AsyncIterable<ListPage> =>
  pagesOf('ListMultipartUploads', query, async (parameters, { key, id }, options) => {
    const input = { ...parameters, MaxUploads: query.maxKeys, KeyMarker: key, UploadIdMarker: id };
    const page = await query.client.send(new ListMultipartUploadsCommand(input), options);
    const entries = (page.Uploads ?? []).map(({ Key, UploadId: id, Initiated: written }) => ({ Key, id, written }));
    return { ...page, nextId: page.NextUploadIdMarker, entries };
  });

interface Position {
  readonly key?: string | undefined;
  readonly id?: string | undefined;
}

/** The common fields of both lists. */
interface RawPage {
  readonly IsTruncated?: boolean | undefined;
  readonly EncodingType?: string | undefined;
  readonly NextKeyMarker?: string | undefined;
  readonly CommonPrefixes?: readonly { readonly Prefix?: string | undefined }[] | undefined;
  readonly nextId: string | undefined;
  readonly entries: readonly {
    readonly Key?: string | undefined;
    readonly Size?: number | undefined;
    readonly id: string | undefined;
    readonly written: Date | undefined;
  }[];
}

type FetchPage = (
  parameters: { Bucket: string; Prefix: string; Delimiter: string | undefined; EncodingType: 'url' },
  from: Position,
  options: { abortSignal?: AbortSignal },
) => Promise<RawPage>;

/** Ends early, with a page that is not the last, if the server does not say how to continue or repeats itself. */
async function* pagesOf(call: string, query: ListQuery, fetchPage: FetchPage): AsyncIterable<ListPage> {
  const { bucketName, prefix, delimiter, signal } = query;
  const parameters = { Bucket: bucketName, Prefix: prefix, Delimiter: delimiter, EncodingType: 'url' } as const;
  let position: Position | undefined = {};
  let landmark: string | undefined;
  let filledPages = 0;
  let emptyPages = 0;
  while (position) {
    const from: Position = position;
    const page = await callAws(call, signal, (options) => fetchPage(parameters, from, options));
    const { IsTruncated, EncodingType, CommonPrefixes = [] } = page;
    // S3 always sends IsTruncated. The SDK reads a response without it, such as a proxy's page, as a list without
    // entries, and the job's record would be deleted while its files stay.
    if (IsTruncated === undefined) throw new Error(`${call} failed: the response is not a list`);
    const readings = (text: string | undefined) => keysMeant(text, EncodingType, prefix);
    const folders = CommonPrefixes.map(({ Prefix }) => readings(Prefix)).filter(isUnderPrefix);
    const now = new Date();
    const entries = page.entries.flatMap(({ Key, Size: size = 0, id, written = now }) =>
      [readings(Key)].filter(isUnderPrefix).map((keys) => ({ keys, id, size, written })),
    );
    // A store that ignores the prefix lists the files of other jobs and users. Nothing of such a list is deleted, since
    // the rest of it cannot be trusted either.
    const sent = page.entries.length + CommonPrefixes.length;
    const known = entries.length + folders.length;
    if (known < sent)
      throw new Error(`${call} failed: ${sent - known} of ${sent} keys are not under the prefix requested`);
    emptyPages = known > 0 ? 0 : emptyPages + 1;
    if (IsTruncated && emptyPages > MAX_EMPTY_PAGES)
      throw new Error(`${call} failed: the list continues, but has no entries`);
    if (known > 0) {
      // A server that ignores the marker sends the same pages forever. Any cycle is found by comparing with one page, which
      // is replaced after 1, 2, 4, 8 … pages (https://en.wikipedia.org/wiki/Cycle_detection#Brent's_algorithm).
      const content = JSON.stringify([entries.map(({ keys, id }) => [keys, id]), folders]);
      if (content === landmark) return;
      if (Number.isInteger(Math.log2(++filledPages))) landmark = content;
    }
    const foldersMeant = EncodingType === 'url' ? folders.map(([first]) => first) : folders.flat();
    if (known > 0 || !IsTruncated) yield { entries, folders: foldersMeant, isLast: !IsTruncated };
    position = IsTruncated ? positionAfter(entries, folders, readings(page.NextKeyMarker), page.nextId) : undefined;
  }
}

/**
 * Returns the position of the next page. The marker is a key or a folder of its page, so the readings of that entry
 * decide how the marker is encoded.
 *
 * OpenStack Swift sends the version `null` in place of that of the last entry, and lists nothing after it.
 */
const positionAfter = (
  entries: readonly Entry[],
  folders: readonly Readings[],
  markers: readonly string[],
  nextId: string | undefined,
): Position | undefined => {
  const isMarker = (key: string) => markers.includes(key);
  const last = [...entries.map(({ keys }) => keys), ...folders].findLast((keys) => keys.some(isMarker));
  const key = last?.find(isMarker) ?? markers[0];
  if (key === undefined) return undefined;
  if (nextId !== 'null') return { key, id: nextId };
  const [first, ...others] = entries.filter(({ keys }) => keys[0] === last?.[0]);
  const oldest = others.reduce((old, entry) => (old && entry.written > old.written ? old : entry), first);
  return { key, id: oldest?.id ?? nextId };
};

/**
 * Keys are requested URL-encoded, since XML cannot express every character of a key. Servers send them encoded, encoded
 * without saying so (RADOS Gateway, uploads), or unencoded although they say otherwise (Swift and RADOS Gateway, markers).
 * Only a reading under the prefix can be right.
 */
const keysMeant = (text = '', encodingType: string | undefined, prefix: string): readonly string[] => {
  const decoded = decode(text.replaceAll('+', ' '));
  const readings = encodingType === 'url' ? [decoded, text] : [text, decoded];
  return [...new Set(readings)].filter((reading) => reading.startsWith(prefix));
};

const isUnderPrefix = (readings: readonly string[]): readings is Readings => readings.length > 0;

/** A text that is not URL-encoded as it is. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
