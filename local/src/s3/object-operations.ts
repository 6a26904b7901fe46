import { checkKey, newId, type OperationRequest, type Operations } from './operation.ts';
import { S3Error } from './s3-error.ts';
import { isMarker, type Bucket, type StoredObject } from './storage.ts';
import { allowOnly, children, childText, document, element, fields, parseXml } from './xml.ts';

const OVERRIDES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];
const READ_PARAMETERS = ['versionId', ...OVERRIDES.map((name) => `response-${name}`)];

const putObject = async (request: OperationRequest) => {
  const { storage, bucket, key, headers, body, now } = request;
  storage.bucket(bucket);
  checkLength(headers);
  return storage.keep(body, (stored) => {
    const current = storage.bucket(bucket).objects.get(key)?.[0];
    if (headers.has('if-none-match') && current !== undefined && !isMarker(current)) {
      throw new S3Error('PreconditionFailed', undefined, { details: { Condition: 'If-None-Match' } });
    }
    const { md5: etag, checksum } = body;
    const id = nextVersionId(storage.bucket(bucket));
    const version = {
      id,
      modified: now,
      etag,
      size: stored.size,
      headers: keptHeaders(headers),
      checksum,
      bodies: [stored],
    };
    storage.commit({ type: 'version', bucket, key, version });
    return { headers: { etag: `"${etag}"`, ...checksum, ...versionHeader(storage.bucket(bucket), id) } };
  });
};

/** The headers of an upload that a GET returns. */
export const keptHeaders = (headers: ReadonlyMap<string, string>): Record<string, string> => {
  const kept = new Map([...headers].filter(([name]) => OVERRIDES.includes(name) || name.startsWith('x-amz-meta-')));
  // aws-chunked is the encoding of the upload, not of the object.
  const encodings = kept.get('content-encoding')?.split(/ *, */) ?? [];
  const encoding = encodings.filter((name) => name !== 'aws-chunked').join(', ');
  if (encoding === '') kept.delete('content-encoding');
  else kept.set('content-encoding', encoding);
  return Object.fromEntries(kept);
};

export const checkLength = (headers: ReadonlyMap<string, string>): void => {
  const needed = headers.has('transfer-encoding') ? 'x-amz-decoded-content-length' : 'content-length';
  if (!headers.has(needed)) throw new S3Error('MissingContentLength');
};

export const nextVersionId = ({ versioning }: Bucket) => (versioning === 'Enabled' ? newId() : 'null');

export const versionHeader = ({ versioning }: Bucket, id: string): Record<string, string> =>
  versioning === undefined ? {} : { 'x-amz-version-id': id };

const getObject = (request: OperationRequest) => {
  const { storage, parameters, headers } = request;
  const version = findVersion(request);
  const { size, etag, modified, bodies, checksum } = version;
  const range = parseRange(headers.get('range'), size);
  const { first, last } = range ?? { first: 0, last: size - 1 };
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      'accept-ranges': 'bytes',
      'content-type': 'binary/octet-stream',
      'content-length': String(last - first + 1),
      etag: `"${etag}"`,
      'last-modified': new Date(modified).toUTCString(),
      ...version.headers,
      ...overridden(parameters),
      ...versionHeader(storage.bucket(request.bucket), version.id),
      ...(range !== undefined && { 'content-range': `bytes ${first}-${last}/${size}` }),
      ...(range === undefined && headers.get('x-amz-checksum-mode') === 'ENABLED' && checksum),
    },
    body: storage.read(bodies, first, last),
  };
};

const findVersion = ({ storage, bucket, key, parameters }: OperationRequest): StoredObject => {
  const versions = storage.bucket(bucket).objects.get(key) ?? [];
  const id = parameters.get('versionId');
  if (id !== undefined) checkVersionId(id);
  const version = id === undefined ? versions[0] : versions.find((candidate) => candidate.id === id);
  if (version !== undefined && !isMarker(version)) return version;

  const headers = version && { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.id };
  if (id === undefined) throw new S3Error('NoSuchKey', undefined, { details: { Key: key }, headers });
  if (version === undefined) throw new S3Error('NoSuchVersion', undefined, { details: { Key: key, VersionId: id } });
  throw new S3Error('MethodNotAllowed', undefined, { headers: { allow: 'DELETE', ...headers } });
};

const checkVersionId = (id: string): void => {
  if (!/^(?:null|[\w-]{32})$/.test(id)) throw new S3Error('InvalidArgument', 'Invalid version id specified');
};

const overridden = (parameters: ReadonlyMap<string, string>): Record<string, string> => {
  const given = [...parameters].filter(([name]) => name.startsWith('response-'));
  if (given.some(([, value]) => /[^\t\x20-\x7e\xa0-\xff]/.test(value))) {
    throw new S3Error('InvalidArgument', 'Header value cannot be represented using ISO-8859-1.');
  }
  return Object.fromEntries(given.map(([name, value]) => [name.slice('response-'.length), value]));
};

/** Parses one range. S3 returns the whole object for several ranges and for an invalid one. */
const parseRange = (header: string | undefined, size: number): { first: number; last: number } | undefined => {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  if (from !== '' && to !== '' && Number(from) > Number(to)) return undefined;
  const first = from === '' ? Math.max(size - Number(to), 0) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first >= size) {
    throw new S3Error('InvalidRange', undefined, {
      details: { RangeRequested: header ?? '', ActualObjectSize: size },
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  return { first, last };
};

interface Deleted {
  readonly versionId: string | undefined;
  /** The id of the delete marker that was put on top or, with a version id, removed. */
  readonly marker: string | undefined;
}

const deleteVersion = (request: OperationRequest, key: string, versionId: string | undefined): Deleted => {
  const { storage, bucket, now, faults } = request;
  if (faults.protectedKeys.has(key)) throw new S3Error('AccessDenied');
  const { versioning, objects } = storage.bucket(bucket);
  if (versionId === undefined && versioning !== undefined) {
    const marker = nextVersionId(storage.bucket(bucket));
    storage.commit({ type: 'version', bucket, key, version: { id: marker, modified: now, deleteMarker: true } });
    return { versionId, marker };
  }
  const version = objects.get(key)?.find(({ id }) => id === (versionId ?? 'null'));
  if (version !== undefined) storage.commit({ type: 'version-removed', bucket, key, id: version.id });
  return { versionId, marker: version !== undefined && isMarker(version) ? version.id : undefined };
};

const deleteObject = (request: OperationRequest) => {
  const id = request.parameters.get('versionId');
  if (id !== undefined) checkVersionId(id);
  const { versionId, marker } = deleteVersion(request, request.key, id);
  const shownId = versionId ?? marker;
  return {
    status: 204,
    headers: {
      ...(marker !== undefined && { 'x-amz-delete-marker': 'true' }),
      ...(shownId !== undefined && { 'x-amz-version-id': shownId }),
    },
  };
};

const deleteObjects = async (request: OperationRequest) => {
  request.storage.bucket(request.bucket);
  if (!request.body.isProtected) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
  const list = parseXml(await request.body.buffer(), 'Delete');
  allowOnly(list, ['Object', 'Quiet']);
  const quiet = childText(list, 'Quiet') === 'true';
  const objects = children(list, 'Object').map((object) => {
    allowOnly(object, ['Key', 'VersionId']);
    const key = childText(object, 'Key') ?? '';
    if (key === '') throw new S3Error('MalformedXML');
    return { key, versionId: childText(object, 'VersionId') };
  });
  if (objects.length === 0 || objects.length > 1000) throw new S3Error('MalformedXML');

  const results = objects.map(({ key, versionId }) => {
    try {
      checkKey(key);
      if (versionId !== undefined) checkVersionId(versionId);
      const { marker } = deleteVersion(request, key, versionId);
      const DeleteMarker = marker === undefined ? undefined : true;
      const deleted = { Key: key, VersionId: versionId, DeleteMarker, DeleteMarkerVersionId: marker };
      return quiet ? '' : element('Deleted', fields(deleted));
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      return element('Error', fields({ Key: key, VersionId: versionId, Code: error.code, Message: error.message }));
    }
  });
  return { body: document('DeleteResult', results) };
};

export const objectOperations: Operations = {
  PutObject: { method: 'PUT', on: 'object', run: putObject },
  GetObject: { method: 'GET', on: 'object', accepts: READ_PARAMETERS, run: getObject },
  HeadObject: { method: 'HEAD', on: 'object', accepts: READ_PARAMETERS, run: getObject },
  DeleteObject: { method: 'DELETE', on: 'object', accepts: ['versionId'], run: deleteObject },
  DeleteObjects: { method: 'POST', on: 'bucket', requires: ['delete'], run: deleteObjects },
};
