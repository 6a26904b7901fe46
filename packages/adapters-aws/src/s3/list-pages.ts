import {
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type ListMultipartUploadsCommandOutput,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { callAws } from '../call-aws.ts';
import { keysMeant } from './listing.ts';

/** One page of what is stored under a prefix. */
export interface ListPage {
  /** With a delimiter, the common prefixes of what is deeper. */
  readonly folders: readonly string[];
  readonly entries: readonly ListEntry[];
}

/** A version, a delete marker or an unfinished upload. */
interface ListEntry {
  readonly key: string;
  /** Bytes; 0 for a delete marker and for an upload. */
  readonly size: number;
  readonly written: Date;
}

export interface ListQuery {
  readonly client: S3Client;
  readonly bucketName: string;
  readonly prefix: string;
  /** `/` lists one level: entries, and folders for what is deeper. */
  readonly delimiter?: '/';
  readonly maxKeys?: number;
}

/** Pages through the versions and delete markers under a prefix. */
export const pagesOfVersions = (query: ListQuery): AsyncIterable<ListPage> =>
  pages('ListObjectVersions', query, async (parameters, position) => {
    const { KeyMarker, IdMarker: VersionIdMarker } = position;
    const input = { ...parameters, MaxKeys: query.maxKeys, KeyMarker, VersionIdMarker };
    const page: ListObjectVersionsCommandOutput = await query.client.send(new ListObjectVersionsCommand(input));
    const { Versions = [], DeleteMarkers = [] } = page;
    const entries = [...Versions, ...DeleteMarkers.map((marker) => ({ ...marker, Size: 0 }))];
    return {
      ...page,
      IdMarker: page.NextVersionIdMarker,
      Entries: entries.map(({ Key, Size, LastModified }) => ({ Key, Size, Written: LastModified })),
    };
  });

/** Pages through the unfinished multipart uploads under a prefix. */
export const pagesOfUploads = (query: ListQuery): AsyncIterable<ListPage> =>
  pages('ListMultipartUploads', query, async (parameters, position) => {
    const { KeyMarker, IdMarker: UploadIdMarker } = position;
    const input = { ...parameters, MaxUploads: query.maxKeys, KeyMarker, UploadIdMarker };
    const page: ListMultipartUploadsCommandOutput = await query.client.send(new ListMultipartUploadsCommand(input));
    const entries = (page.Uploads ?? []).map(({ Key, Initiated }) => ({ Key, Size: 0, Written: Initiated }));
    return { ...page, IdMarker: page.NextUploadIdMarker, Entries: entries };
  });

interface Position {
  readonly KeyMarker?: string | undefined;
  readonly IdMarker?: string | undefined;
}

/** The common fields of both lists. */
interface RawPage {
  readonly IsTruncated?: boolean | undefined;
  readonly EncodingType?: string | undefined;
  readonly NextKeyMarker?: string | undefined;
  readonly IdMarker: string | undefined;
  readonly CommonPrefixes?: readonly { readonly Prefix?: string | undefined }[] | undefined;
  readonly Entries: readonly {
    readonly Key?: string | undefined;
    readonly Size?: number | undefined;
    readonly Written?: Date | undefined;
  }[];
}

type List = (
  parameters: { Bucket: string; Prefix: string; Delimiter: string | undefined; EncodingType: 'url' },
  position: Position,
) => Promise<RawPage>;

async function* pages(call: string, query: ListQuery, list: List): AsyncIterable<ListPage> {
  const { bucketName, prefix, delimiter } = query;
  const parameters = { Bucket: bucketName, Prefix: prefix, Delimiter: delimiter, EncodingType: 'url' } as const;
  let position: Position | undefined = {};
  while (position) {
    const from: Position = position;
    const page = await callAws(call, undefined, () => list(parameters, from));
    // A response without it is not a list, such as a proxy's page.
    if (page.IsTruncated === undefined) throw new Error(`${call} failed: the response is not a list`);
    const { EncodingType, CommonPrefixes = [] } = page;
    const readings = (key: string | undefined) => keysMeant(key, EncodingType, prefix);
    // A server that does not say how it encodes may mean several folders. All but one of them are empty.
    const folders = CommonPrefixes.flatMap(({ Prefix }) => readings(Prefix).slice(0, EncodingType === 'url' ? 1 : 2));
    const entries = page.Entries.flatMap(({ Key, Size: size = 0, Written: written = new Date() }) =>
      readings(Key)
        .slice(0, 1)
        .map((key) => ({ key, size, written })),
    );
    if (entries.length < page.Entries.length || folders.length < CommonPrefixes.length)
      throw new Error(`${call} failed: the list has keys that are not under the prefix requested`);
    yield { folders, entries };
    position = page.IsTruncated ? { KeyMarker: readings(page.NextKeyMarker)[0], IdMarker: page.IdMarker } : undefined;
    if (position && position.KeyMarker === from.KeyMarker && position.IdMarker === from.IdMarker)
      throw new Error(`${call} failed: the list does not advance`);
  }
}
