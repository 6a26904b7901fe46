import { createHash } from 'node:crypto';
import { checkLength, keptHeaders, nextVersionId, versionHeader } from './object-operations.ts';
import { newId, pageSize, type OperationRequest, type Operations } from './operation.ts';
import { S3Error } from './s3-error.ts';
import type { Part, Upload } from './storage.ts';
import { allowOnly, children, childText, document, element, fields, parseXml } from './xml.ts';

const MIN_PART_BYTES = 5 * 1024 * 1024;

const createMultipartUpload = ({ storage, bucket, key, headers, now }: OperationRequest) => {
  storage.bucket(bucket);
  const id = newId();
  storage.commit({ type: 'upload', bucket, upload: { id, key, initiated: now, headers: keptHeaders(headers) } });
  return { body: document('InitiateMultipartUploadResult', fields({ Bucket: bucket, Key: key, UploadId: id })) };
};

const findUpload = ({ storage, bucket, key, parameters }: OperationRequest): Upload => {
  const id = parameters.get('uploadId') ?? '';
  const upload = storage.bucket(bucket).uploads.get(id);
  if (upload?.key !== key) throw new S3Error('NoSuchUpload', undefined, { details: { UploadId: id } });
  return upload;
};

const uploadPart = async (request: OperationRequest) => {
  const { storage, bucket, parameters, headers, body, now } = request;
  findUpload(request);
  checkLength(headers);
  const number = parameters.get('partNumber') ?? '';
  if (!/^[1-9]\d{0,4}$/.test(number) || Number(number) > 10_000) {
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  }
  return storage.keep(body, (stored) => {
    // Again: it may have been completed or aborted in the meantime.
    const upload = findUpload(request).id;
    const { md5: etag, checksum } = body;
    storage.commit({
      type: 'part',
      bucket,
      upload,
      part: { number: Number(number), modified: now, etag, checksum, body: stored },
    });
    return { headers: { etag: `"${etag}"`, ...checksum } };
  });
};

const sortedParts = ({ parts }: Upload) => [...parts.values()].sort((a, b) => a.number - b.number);

const listParts = (request: OperationRequest) => {
  const { bucket, key, parameters } = request;
  const upload = findUpload(request);
  const marker = Number(parameters.get('part-number-marker') ?? 0);
  if (!Number.isInteger(marker)) throw new S3Error('InvalidArgument', 'Argument partNumberMarker must be an integer.');
  const limit = pageSize(parameters, 'max-parts');
  const parts = sortedParts(upload).filter(({ number }) => number > marker);
  const page = parts.slice(0, limit);
  const isTruncated = page.length < parts.length;
  return {
    body: document('ListPartsResult', [
      ...fields({
        Bucket: bucket,
        Key: key,
        UploadId: upload.id,
        PartNumberMarker: marker,
        NextPartNumberMarker: isTruncated ? page.at(-1)?.number : undefined,
        MaxParts: limit,
        IsTruncated: isTruncated,
      }),
      ...page.map(({ number, modified, etag, body }) =>
        element('Part', fields({ PartNumber: number, LastModified: modified, ETag: `"${etag}"`, Size: body.size })),
      ),
    ]),
  };
};

const completeMultipartUpload = async (request: OperationRequest) => {
  const { storage, bucket, key, body, now } = request;
  findUpload(request);
  const xml = await body.buffer();
  const upload = findUpload(request);
  const parts = namedParts(xml, upload);
  const md5s = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex')));
  const etag = `${createHash('md5').update(md5s).digest('hex')}-${parts.length}`;
  const id = nextVersionId(storage.bucket(bucket));
  const bodies = parts.map((part) => part.body);
  const size = bodies.reduce((sum, part) => sum + part.size, 0);
  const completed = { id, modified: now, etag, size, headers: upload.headers, checksum: {}, bodies };
  storage.commit({ type: 'upload-removed', bucket, upload: upload.id, completed });
  const result = { Location: `/${bucket}/${key}`, Bucket: bucket, Key: key, ETag: `"${etag}"` };
  return {
    headers: versionHeader(storage.bucket(bucket), id),
    body: document('CompleteMultipartUploadResult', fields(result)),
  };
};

/**
 * The parts of the object that the caller lists. They must match the uploaded ones, be in order, and not be too small.
 */
const namedParts = (xml: Buffer, { parts }: Upload): Part[] => {
  const request = parseXml(xml, 'CompleteMultipartUpload');
  allowOnly(request, ['Part']);
  const named = children(request, 'Part').map((part) => {
    allowOnly(part, ['PartNumber', 'ETag', 'ChecksumCRC32', 'ChecksumSHA1', 'ChecksumSHA256']);
    return { number: Number(childText(part, 'PartNumber')), element: part };
  });
  if (named.length === 0) throw new S3Error('MalformedXML');
  if (named.some(({ number }, i) => number <= (named[i - 1]?.number ?? 0))) throw new S3Error('InvalidPartOrder');
  return named.map(({ number, element: given }, index) => {
    const part = parts.get(number);
    const etag = childText(given, 'ETag')?.replace(/^"(.*)"$/, '$1');
    const hasOther = ['CRC32', 'SHA1', 'SHA256'].some((algorithm) => {
      const checksum = childText(given, `Checksum${algorithm}`);
      return checksum !== undefined && checksum !== part?.checksum[`x-amz-checksum-${algorithm.toLowerCase()}`];
    });
    if (part === undefined || part.etag !== etag || hasOther) {
      throw new S3Error('InvalidPart', undefined, { details: { PartNumber: number } });
    }
    if (part.body.size < MIN_PART_BYTES && index < named.length - 1) {
      const details = { ProposedSize: part.body.size, MinSizeAllowed: MIN_PART_BYTES, PartNumber: number };
      throw new S3Error('EntityTooSmall', undefined, { details });
    }
    return part;
  });
};

const abortMultipartUpload = (request: OperationRequest) => {
  const { storage, bucket } = request;
  storage.commit({ type: 'upload-removed', bucket, upload: findUpload(request).id });
  return { status: 204 };
};

export const multipartOperations: Operations = {
  CreateMultipartUpload: { method: 'POST', on: 'object', requires: ['uploads'], run: createMultipartUpload },
  UploadPart: { method: 'PUT', on: 'object', requires: ['uploadId', 'partNumber'], run: uploadPart },
  ListParts: {
    method: 'GET',
    on: 'object',
    requires: ['uploadId'],
    accepts: ['part-number-marker', 'max-parts'],
    run: listParts,
  },
  CompleteMultipartUpload: { method: 'POST', on: 'object', requires: ['uploadId'], run: completeMultipartUpload },
  AbortMultipartUpload: { method: 'DELETE', on: 'object', requires: ['uploadId'], run: abortMultipartUpload },
};
