import { bucketOperations } from './bucket-operations.ts';
import { listOperations } from './list-operations.ts';
import { multipartOperations } from './multipart-operations.ts';
import { objectOperations } from './object-operations.ts';
import type { Operation } from './operation.ts';
import { CHECKSUMS } from './request-body.ts';
import { S3Error } from './s3-error.ts';
import type { Target } from './target.ts';

// Operations that require a query parameter come before those that do not.
const OPERATIONS = Object.entries({
  ...bucketOperations,
  ...objectOperations,
  ...listOperations,
  ...multipartOperations,
}).sort(([, a], [, b]) => (b.requires?.length ?? 0) - (a.requires?.length ?? 0));

/** @throws S3Error NotImplemented for every other operation, parameter or header */
export const findOperation = (
  method: string,
  { bucket, key, parameters }: Target,
  headers: ReadonlyMap<string, string>,
): Operation => {
  const on = key !== '' ? 'object' : bucket !== '' ? 'bucket' : 'service';
  // The SDK uses `x-id` for itself; other `x-amz-` parameters are headers.
  const names = [...parameters.keys()].filter((name) => name !== 'x-id' && !/^x-amz-/i.test(name));
  const [name, operation] =
    OPERATIONS.find(
      ([, candidate]) =>
        candidate.method === method &&
        candidate.on === on &&
        (candidate.requires ?? []).every((required) => names.includes(required)),
    ) ?? [];
  const asked = parameters.get('x-id') ?? name ?? `${method} on the ${on}`;
  const allowed = [...(operation?.requires ?? []), ...(operation?.accepts ?? [])];
  const unknown = operation === undefined ? names : names.filter((parameter) => !allowed.includes(parameter));
  if (operation === undefined || unknown.length > 0) {
    const query = unknown.length > 0 ? ` with ?${unknown.join('&')}` : '';
    throw new S3Error('NotImplemented', `${asked}${query} is not implemented.`);
  }
  for (const [header, value] of headers) {
    if (isImplemented(header, value, name)) continue;
    throw new S3Error('NotImplemented', `${asked} with the header ${header}: ${value} is not implemented.`);
  }
  return operation;
};

const SIGNING_HEADERS = ['algorithm', 'credential', 'date', 'expires', 'signedheaders', 'signature', 'security-token'];
const OTHER_HEADERS = ['content-sha256', 'decoded-content-length', 'user-agent', 'checksum-mode'];
const KNOWN_HEADERS = new Set([
  ...[...SIGNING_HEADERS, ...OTHER_HEADERS].map((name) => `x-amz-${name}`),
  ...CHECKSUMS.keys(),
]);

const isImplemented = (header: string, value: string, operation: string | undefined): boolean => {
  switch (header) {
    case 'if-match':
    case 'if-unmodified-since':
      return false;
    case 'if-none-match':
      // A GET may always return the whole object. A PUT that must not overwrite is refused.
      return operation === 'GetObject' || operation === 'HeadObject' || (operation === 'PutObject' && value === '*');
    case 'x-amz-trailer':
      return CHECKSUMS.has(value.toLowerCase());
    case 'x-amz-checksum-algorithm':
    case 'x-amz-sdk-checksum-algorithm':
      return CHECKSUMS.has(`x-amz-checksum-${value.toLowerCase()}`);
    default:
      return !header.startsWith('x-amz-') || header.startsWith('x-amz-meta-') || KNOWN_HEADERS.has(header);
  }
};
