import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  NoSuchUpload,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type {
  ListMultipartUploadsCommandOutput,
  ListObjectVersionsCommandOutput,
  MultipartUpload,
  ObjectIdentifier,
  S3Client,
} from '@aws-sdk/client-s3';
import { Unavailable } from '@jobs-api/core';
import type { KeyPrefix } from '@jobs-api/core';
import { callAws } from '../call-aws.ts';

/** How many uploads are aborted at once, each on a connection of its own. */
const UPLOADS_PER_PAGE = 50;

/** For one key of a batch, S3 reports by these codes that trying again may help. */
const PASSING_CODES = new Set(['SlowDown', 'InternalError', 'ServiceUnavailable']);

/** What no batch can name (https://www.w3.org/TR/xml/#charsets): S3 answers MalformedXML. */
const UNFIT_FOR_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

interface Sweep {
  readonly client: S3Client;
  readonly bucketName: string;
  readonly prefix: KeyPrefix;
  readonly signal: AbortSignal | undefined;
}

/**
 * Deletes everything under a prefix, pass after pass, until one finds nothing: an upload that completes during a pass,
 * or an object that is written behind its back, is found by the next.
 *
 * A pass looks for unfinished uploads before it looks for objects. The other way round, an upload completing in between
 * would be seen by neither look, and a pass that found nothing would prove nothing.
 */
export const sweepPrefix = async (sweep: Sweep): Promise<void> => {
  let found: number;
  do {
    const refusals: string[] = [];
    found = 0;
    for await (const uploads of pagesOfUploads(sweep)) {
      found += uploads.length;
      refusals.push(...(await Promise.all(uploads.map((upload) => abortUpload(sweep, upload)))).flat());
    }
    // A page is deleted while the next one is listed, and never more than one at once: S3 slows down who deletes faster.
    let deletion = Promise.resolve<string[]>([]);
    try {
      for await (const objects of pagesOfObjects(sweep)) {
        found += objects.length;
        refusals.push(...(await deletion));
        deletion = deleteBatch(sweep, objects);
        deletion.catch(() => undefined); // awaited below, or in the next turn
      }
    } finally {
      refusals.push(...(await deletion));
    }
    throwIfRefused(refusals);
  } while (found > 0);
};

async function* pagesOfUploads({ client, bucketName, prefix, signal }: Sweep): AsyncIterable<MultipartUpload[]> {
  let position: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
  while (position) {
    const command = new ListMultipartUploadsCommand({
      Bucket: bucketName,
      Prefix: prefix,
      MaxUploads: UPLOADS_PER_PAGE,
      EncodingType: 'url',
      ...position,
    });
    const page: ListMultipartUploadsCommandOutput = await callAws('ListMultipartUploads', signal, (options) =>
      client.send(command, options),
    );
    const isTruncated = readIsTruncated('ListMultipartUploads', page);
    const decode = keyDecoder(page);
    const uploads = (page.Uploads ?? []).map(({ Key, UploadId }) => ({ Key: decode(Key), UploadId }));
    refuseForeignKeys('ListMultipartUploads', uploads, prefix);
    yield uploads;
    position = isTruncated
      ? { KeyMarker: decode(page.NextKeyMarker), UploadIdMarker: page.NextUploadIdMarker }
      : undefined;
  }
}

/** Every object as its versions and delete markers. In a bucket without versions each object has one, named `null`. */
async function* pagesOfObjects({ client, bucketName, prefix, signal }: Sweep): AsyncIterable<ObjectIdentifier[]> {
  let position: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
  while (position) {
    const command = new ListObjectVersionsCommand({
      Bucket: bucketName,
      Prefix: prefix,
      EncodingType: 'url',
      ...position,
    });
    const page: ListObjectVersionsCommandOutput = await callAws('ListObjectVersions', signal, (options) =>
      client.send(command, options),
    );
    const isTruncated = readIsTruncated('ListObjectVersions', page);
    const { Versions = [], DeleteMarkers = [] } = page;
    const decode = keyDecoder(page);
    const objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key: decode(Key), VersionId }));
    refuseForeignKeys('ListObjectVersions', objects, prefix);
    yield objects;
    position = isTruncated
      ? { KeyMarker: decode(page.NextKeyMarker), VersionIdMarker: page.NextVersionIdMarker }
      : undefined;
  }
}

/**
 * Whether a list goes on, which S3 always says. An answer that does not, an empty one or a proxy's page, is not a list:
 * the SDK reads it as one without entries, and the job's record would go while its files stay.
 */
const readIsTruncated = (what: string, { IsTruncated }: { IsTruncated?: boolean | undefined }): boolean => {
  if (IsTruncated === undefined) throw new Error(`${what} failed: the answer is not a list`);
  return IsTruncated;
};

/**
 * A store that ignores the prefix lists the files of other jobs and users. Such a list is not acted on at all: whatever
 * else it says cannot be trusted either.
 */
const refuseForeignKeys = (call: string, entries: readonly { Key: string }[], prefix: KeyPrefix): void => {
  const foreign = entries.filter(({ Key }) => !Key.startsWith(prefix));
  if (foreign.length > 0)
    throw new Error(`${call} failed: ${foreign.length} of ${entries.length} keys are not under the prefix requested`);
};

/** Keys come encoded, since XML cannot say every character of a key, and the SDK hands them on as they come. */
const keyDecoder =
  ({ EncodingType }: { EncodingType?: string | undefined }) =>
  (key = ''): string =>
    EncodingType === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key;

/** An upload that is gone was completed or aborted by somebody else; the next pass sees which. */
const abortUpload = async (
  { client, bucketName, signal }: Sweep,
  { Key, UploadId }: MultipartUpload,
): Promise<string[]> => {
  const command = new AbortMultipartUploadCommand({ Bucket: bucketName, Key, UploadId });
  const abort = callAws('AbortMultipartUpload', signal, (options) => client.send(command, options));
  return abort.then(none, (error: unknown) => (error instanceof NoSuchUpload ? [] : refusal(error)));
};

const none = (): string[] => [];

/** The code by which S3 refused one of many, for good: what may pass ends the sweep. */
const refusal = (error: unknown): string[] => {
  if (error instanceof S3ServiceException) return [error.name];
  throw error;
};

/** Answers the error codes of those keys that S3 did not delete: its own answer is 200 all the same. */
const deleteBatch = async ({ client, bucketName, signal }: Sweep, objects: ObjectIdentifier[]): Promise<string[]> => {
  const isFit = ({ Key = '' }: ObjectIdentifier) => !UNFIT_FOR_XML.test(Key);
  const batch = objects.filter(isFit);
  const refusals: string[] = [];
  for (const { Key, VersionId } of objects.filter((object) => !isFit(object))) {
    const command = new DeleteObjectCommand({ Bucket: bucketName, Key, VersionId });
    const deletion = callAws('DeleteObject', signal, (options) => client.send(command, options));
    refusals.push(...(await deletion.then(none, refusal)));
  }
  if (batch.length === 0) return refusals;
  // Not quietly: of an answer that need not name a key, nobody could tell whether S3 gave it.
  const command = new DeleteObjectsCommand({ Bucket: bucketName, Delete: { Objects: batch } });
  const { Deleted = [], Errors = [] } = await callAws('DeleteObjects', signal, (options) =>
    client.send(command, options),
  );
  if (Deleted.length + Errors.length === 0) throw new Error('DeleteObjects failed: the answer names no key');
  return [...refusals, ...Errors.map(({ Code }) => Code ?? 'unknown')];
};

/** Only at the end of a pass, so that a key which cannot be deleted does not keep the others from it. */
const throwIfRefused = (codes: readonly string[]): void => {
  if (codes.length === 0) return;
  const message = `keys that were not deleted: ${codes.length} (${[...new Set(codes)].join(', ')})`;
  throw codes.every((code) => PASSING_CODES.has(code)) ? new Unavailable(message) : new Error(message);
};
