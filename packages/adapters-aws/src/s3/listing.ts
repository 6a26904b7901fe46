import { createHash } from 'node:crypto';
import { ListMultipartUploadsCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import type { KeyPrefix } from '@jobs-api/core';
import { callAws } from '../call-aws.ts';

/** Everything of one job in one bucket. */
export interface Listing {
  readonly client: S3Client;
  readonly bucketName: string;
  readonly prefix: KeyPrefix;
  readonly signal: AbortSignal | undefined;
}

/** A version of an object, a delete marker or an unfinished upload. */
export interface Entry {
  /** The keys that the server may mean, all under the prefix, the most likely one first. */
  readonly keys: readonly [string, ...string[]];
  /** A version id or an upload id. */
  readonly id: string | undefined;
  /** Bytes. 0 for delete markers and uploads. */
  readonly size: number;
}

export interface Page {
  readonly entries: readonly Entry[];
  /** Whether the list ends here. */
  readonly isLast: boolean;
}

/** How many uploads are aborted at once, each on a connection of its own. */
const UPLOADS_PER_PAGE = 50;
/** Pages without entries that a list may have in a row. */
const MAX_EMPTY_PAGES = 3;

export const pagesOfUploads = (listing: Listing): AsyncIterable<Page> => {
  const { client, bucketName: Bucket, prefix: Prefix, signal } = listing;
  const name = 'ListMultipartUploads';
  return pagesOf(name, listing, async (KeyMarker, UploadIdMarker) => {
    const input = { Bucket, Prefix, MaxUploads: UPLOADS_PER_PAGE, EncodingType: 'url' as const };
    const command = new ListMultipartUploadsCommand({ ...input, KeyMarker, UploadIdMarker });
    const {
      Uploads = [],
      NextUploadIdMarker,
      ...page
    } = await callAws(name, signal, (options) => client.send(command, options));
    const entries = Uploads.map(({ Key, UploadId }) => ({ Key, id: UploadId, size: 0 }));
    return { ...page, entries, nextId: NextUploadIdMarker };
  });
};

/** Every object as its versions and delete markers. Each object of a bucket without versions has one, named `null`. */
export const pagesOfObjects = (listing: Listing): AsyncIterable<Page> => {
  const { client, bucketName: Bucket, prefix: Prefix, signal } = listing;
  const name = 'ListObjectVersions';
  return pagesOf(name, listing, async (KeyMarker, VersionIdMarker) => {
    const input = { Bucket, Prefix, EncodingType: 'url' as const, KeyMarker, VersionIdMarker };
    const command = new ListObjectVersionsCommand(input);
    const {
      Versions = [],
      DeleteMarkers = [],
      NextVersionIdMarker,
      ...page
    } = await callAws(name, signal, (options) => client.send(command, options));
    const entries = [
      ...Versions.map(({ Key, VersionId, Size = 0 }) => ({ Key, id: VersionId, size: Size })),
      ...DeleteMarkers.map(({ Key, VersionId }) => ({ Key, id: VersionId, size: 0 })),
    ];
    return { ...page, entries, nextId: NextVersionIdMarker };
  });
};

interface RawPage {
  readonly IsTruncated?: boolean | undefined;
  readonly EncodingType?: string | undefined;
  readonly NextKeyMarker?: string | undefined;
  readonly nextId: string | undefined;
  readonly entries: readonly { readonly Key?: string | undefined; readonly id?: string | undefined; size: number }[];
}

/** Yields pages with entries. Ends early, with a page that is not the last, if the server does not say how to continue. */
async function* pagesOf(
  name: string,
  { prefix }: Listing,
  fetchPage: (keyMarker?: string, idMarker?: string) => Promise<RawPage>,
): AsyncIterable<Page> {
  const seen = new Set<string>();
  let emptyPages = 0;
  let position: readonly (string | undefined)[] | undefined = [];
  while (position) {
    const page: RawPage = await fetchPage(position[0], position[1]);
    const { IsTruncated, EncodingType, NextKeyMarker, nextId } = page;
    // S3 always sends IsTruncated. The SDK reads a response without it, such as a proxy's page, as a list without
    // entries, and the job's record would be deleted while its files stay.
    if (IsTruncated === undefined) throw new Error(`${name} failed: the response is not a list`);
    const entries = entriesOf(name, page, prefix);
    const digest = createHash('sha256').update(JSON.stringify(entries)).digest('base64');
    if (entries.length === 0 && IsTruncated && ++emptyPages > MAX_EMPTY_PAGES)
      throw new Error(`${name} failed: the list continues, but has no entries`);
    if (entries.length > 0) {
      // A server that ignores the marker sends the same page forever.
      if (seen.has(digest)) return;
      seen.add(digest);
      emptyPages = 0;
    }
    if (entries.length > 0 || !IsTruncated) yield { entries, isLast: !IsTruncated };
    const [nextKey] = keysMeant(NextKeyMarker, EncodingType, prefix);
    position = IsTruncated && nextKey !== undefined ? [nextKey, nextId] : undefined;
  }
}

/**
 * A store that ignores the prefix lists the files of other jobs and users. Nothing of such a list is deleted, since the
 * rest of it cannot be trusted either.
 */
const entriesOf = (name: string, { entries, EncodingType }: RawPage, prefix: KeyPrefix): Entry[] => {
  const known: Entry[] = [];
  for (const { Key, id, size } of entries) {
    const [first, ...others] = keysMeant(Key, EncodingType, prefix);
    if (first !== undefined) known.push({ keys: [first, ...others], id, size });
  }
  const foreign = entries.length - known.length;
  if (foreign > 0)
    throw new Error(`${name} failed: ${foreign} of ${entries.length} keys are not under the prefix requested`);
  return known;
};

/**
 * Keys are requested URL-encoded, since XML cannot express every character of a key. Servers send them encoded, encoded
 * without saying so (RADOS Gateway, uploads), or unencoded although they say otherwise (Swift and RADOS Gateway, markers).
 * Only a reading under the prefix can be right.
 */
export const keysMeant = (key = '', encodingType: string | undefined, prefix: string): string[] => {
  const decoded = decode(key.replaceAll('+', ' '));
  const readings = encodingType === 'url' ? [decoded, key] : [key, decoded];
  return [...new Set(readings)].filter((reading) => reading.startsWith(prefix));
};

/** A text that is not URL-encoded as it is. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
