import { commonPrefix, groupOf, keyEncoding } from './list-keys.ts';
import { listMultipartUploads } from './list-uploads.ts';
import { pageSize, type OperationRequest, type Operations } from './operation.ts';
import { S3Error } from './s3-error.ts';
import { compareKeys } from './sorted-map.ts';
import { isMarker, type Version } from './storage.ts';
import { document, element, fields } from './xml.ts';

const listObjectsV2 = ({ storage, bucket, parameters }: OperationRequest) => {
  if (parameters.get('list-type') !== '2')
    throw new S3Error('InvalidArgument', 'Invalid List Type specified in Request');
  const prefix = parameters.get('prefix') ?? '';
  const delimiter = parameters.get('delimiter') ?? '';
  const token = parameters.get('continuation-token');
  const startAfter = parameters.get('start-after');
  const encode = keyEncoding(parameters);
  const limit = pageSize(parameters, 'max-keys');

  // The end of the previous page: a key, or all keys with a common prefix.
  let { key: after, group } = token === undefined ? { key: startAfter, group: undefined } : decodeToken(token);
  const start = after !== undefined && compareKeys(after, prefix) > 0 ? after : prefix;
  const contents: string[] = [];
  const prefixes: string[] = [];
  let isTruncated = false;
  for (const [key, versions] of storage.bucket(bucket).objects.entriesFrom(start)) {
    if (!key.startsWith(prefix)) break;
    const [latest] = versions;
    if (key === after || latest === undefined || isMarker(latest)) continue;
    const keyGroup = groupOf(key, prefix, delimiter);
    if (keyGroup !== undefined && keyGroup === group) continue;
    isTruncated = limit > 0 && contents.length + prefixes.length === limit;
    if (contents.length + prefixes.length === limit) break;
    after = key;
    group = keyGroup;
    if (group === undefined) contents.push(element('Contents', [...fields({ Key: encode(key) }), ...describe(latest)]));
    else prefixes.push(commonPrefix(encode(group)));
  }

  return {
    body: document('ListBucketResult', [
      ...fields({
        Name: bucket,
        Prefix: encode(prefix),
        Delimiter: delimiter === '' ? undefined : encode(delimiter),
        MaxKeys: limit,
        EncodingType: parameters.get('encoding-type'),
        KeyCount: contents.length + prefixes.length,
        IsTruncated: isTruncated,
        ContinuationToken: token,
        NextContinuationToken: isTruncated ? encodeToken({ key: after, group }) : undefined,
        StartAfter: startAfter === undefined ? undefined : encode(startAfter),
      }),
      ...contents,
      ...prefixes,
    ]),
  };
};

interface Position {
  readonly key: string | undefined;
  readonly group: string | undefined;
}

const toBase64 = (text: string) => Buffer.from(text).toString('base64url');
const fromBase64 = (text: string) => Buffer.from(text, 'base64url').toString();

const encodeToken = ({ key = '', group }: Position) =>
  (group === undefined ? [key] : [key, group]).map(toBase64).join('.');

const decodeToken = (token: string): Position => {
  const [key = '', group] = token.split('.').map(fromBase64);
  if (encodeToken({ key, group }) === token) return { key, group };
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
};

const describe = (version: Version): string[] => {
  if (isMarker(version)) return fields({ LastModified: version.modified });
  const { modified, etag, size } = version;
  return fields({ LastModified: modified, ETag: `"${etag}"`, Size: size, StorageClass: 'STANDARD' });
};

const listObjectVersions = ({ storage, bucket, parameters }: OperationRequest) => {
  const prefix = parameters.get('prefix') ?? '';
  const delimiter = parameters.get('delimiter') ?? '';
  const keyMarker = parameters.get('key-marker') ?? '';
  const idMarker = parameters.get('version-id-marker') ?? '';
  if (keyMarker === '' && idMarker !== '') {
    throw new S3Error('InvalidArgument', 'A version-id marker cannot be specified without a key marker.');
  }
  const encode = keyEncoding(parameters);
  const limit = pageSize(parameters, 'max-keys');

  const start = compareKeys(keyMarker, prefix) > 0 ? keyMarker : prefix;
  const entries: string[] = [];
  const prefixes: string[] = [];
  const isFull = () => entries.length + prefixes.length === limit;
  let isTruncated = false;
  let next: { NextKeyMarker: string; NextVersionIdMarker?: string } | undefined;
  // The marker is a common prefix if the page before ended with one.
  let group = keyMarker;
  page: for (const [key, versions] of storage.bucket(bucket).objects.entriesFrom(start)) {
    if (!key.startsWith(prefix)) break;
    if (key === keyMarker && idMarker === '') continue;
    const keyGroup = groupOf(key, prefix, delimiter);
    if (keyGroup !== undefined) {
      if (keyGroup === group) continue;
      isTruncated = limit > 0 && isFull();
      if (isFull()) break;
      group = keyGroup;
      prefixes.push(commonPrefix(encode(group)));
      next = { NextKeyMarker: encode(group) };
      continue;
    }
    // A marker that was removed in the meantime is not found, and the key is listed from its latest version on.
    const skipped = key === keyMarker ? versions.findIndex(({ id }) => id === idMarker) + 1 : 0;
    for (const version of versions.slice(skipped)) {
      isTruncated = limit > 0 && isFull();
      if (isFull()) break page;
      const head = fields({ Key: encode(key), VersionId: version.id, IsLatest: version === versions[0] });
      entries.push(element(isMarker(version) ? 'DeleteMarker' : 'Version', [...head, ...describe(version)]));
      next = { NextKeyMarker: encode(key), NextVersionIdMarker: version.id };
    }
  }

  return {
    body: document('ListVersionsResult', [
      ...fields({
        Name: bucket,
        Prefix: encode(prefix),
        KeyMarker: encode(keyMarker),
        VersionIdMarker: idMarker,
        Delimiter: delimiter === '' ? undefined : encode(delimiter),
        MaxKeys: limit,
        EncodingType: parameters.get('encoding-type'),
        IsTruncated: isTruncated,
        ...(isTruncated && next),
      }),
      ...entries,
      ...prefixes,
    ]),
  };
};

export const listOperations: Operations = {
  ListObjectsV2: {
    method: 'GET',
    on: 'bucket',
    requires: ['list-type'],
    accepts: ['prefix', 'delimiter', 'max-keys', 'continuation-token', 'start-after', 'encoding-type'],
    run: listObjectsV2,
  },
  ListObjectVersions: {
    method: 'GET',
    on: 'bucket',
    requires: ['versions'],
    accepts: ['prefix', 'delimiter', 'max-keys', 'key-marker', 'version-id-marker', 'encoding-type'],
    run: listObjectVersions,
  },
  ListMultipartUploads: {
    method: 'GET',
    on: 'bucket',
    requires: ['uploads'],
    accepts: ['prefix', 'delimiter', 'max-uploads', 'key-marker', 'upload-id-marker', 'encoding-type'],
    run: listMultipartUploads,
  },
};
