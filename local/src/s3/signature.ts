/**
 * Signature Version 4, the verifying side, in node:crypto alone: it shares no code with the SDK's signer or with ours,
 * so that a mistake in either is seen. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error } from './s3-error.ts';
import type { Target } from './target.ts';
import { decodeUri, encodeUri } from './uri.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SignedRequest {
  readonly method: string;
  readonly target: Target;
  /** As received, by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
}

interface SignatureOptions {
  readonly credentials: Credentials;
  readonly region: string;
  readonly now: Date;
}

export interface Authorization {
  /** The body's SHA-256 in hex, or one of the words that S3 has for a body that is not hashed as a whole. */
  readonly payloadHash: string;
  /** Checks the next signature of an aws-chunked body. Each covers the one before it, so the order is part of it. */
  readonly verifyChunk: (kind: 'PAYLOAD' | 'TRAILER', digest: string, signature: string | undefined) => void;
}

/** Claims of a request about its own signature, before they are verified. */
interface Claim {
  readonly credential: string;
  readonly timestamp: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly token: string | undefined;
  readonly payloadHash: string;
  /** Presigned requests only. */
  readonly expires: string | undefined;
  readonly malformed: (message: string) => S3Error;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_SKEW_MS = 15 * 60_000;
const MAX_EXPIRY_SECONDS = 7 * 24 * 60 * 60;
const payloadHashes =
  /^(?:[0-9a-f]{64}|UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER|STREAMING-AWS4-HMAC-SHA256-PAYLOAD(?:-TRAILER)?)$/;

/** @throws S3Error if the request is not signed with these credentials, for this region, method, host, target and time */
export const verifySignature = (
  request: SignedRequest,
  { credentials, region, now }: SignatureOptions,
): Authorization => {
  const claim = readClaim(request);
  const { timestamp, signature, payloadHash } = claim;
  const scope = checkCredential(claim, credentials, region);
  checkTime(claim, now);
  checkSignedHeaders(claim, request);

  const secret: string | Buffer = `AWS4${credentials.secretAccessKey}`;
  const signingKey = scope.split('/').reduce((key: string | Buffer, part) => hmac(key, part).digest(), secret);
  const canonicalRequest = toCanonicalRequest(claim, request);
  const stringToSign = [ALGORITHM, timestamp, scope, sha256(canonicalRequest)].join('\n');
  const expected = hmac(signingKey, stringToSign).digest('hex');
  const wellEncoded = isWellEncoded(request.target);
  if (!wellEncoded || !isEqual(expected, signature)) {
    const message = wellEncoded ? undefined : 'The path or the query is not encoded as Signature Version 4 prescribes.';
    // S3 returns this too. It is what a developer needs to find the mistake.
    const details = { StringToSign: stringToSign, SignatureProvided: signature, CanonicalRequest: canonicalRequest };
    throw new S3Error('SignatureDoesNotMatch', message, { details });
  }

  if (!payloadHashes.test(payloadHash)) {
    throw new S3Error('InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or a SHA-256.');
  }

  let previous = signature;
  const verifyChunk: Authorization['verifyChunk'] = (kind, digest, chunkSignature = '') => {
    const hashes = kind === 'PAYLOAD' ? [sha256(''), digest] : [digest];
    const text = [`${ALGORITHM}-${kind}`, timestamp, scope, previous, ...hashes].join('\n');
    previous = hmac(signingKey, text).digest('hex');
    if (!isEqual(previous, chunkSignature)) throw new S3Error('SignatureDoesNotMatch');
  };
  return { payloadHash, verifyChunk };
};

// Headers reach us as Latin-1, one character a byte: this is what was received, byte for byte.
const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text, 'latin1');

// As text, not as the bytes it stands for: a signature in capitals is not the signature.
const isEqual = (expected: string, given: string): boolean => {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
};

const readClaim = ({ target: { parameters }, headers }: SignedRequest): Claim => {
  const authorization = headers.get('authorization');
  const presigned = parameters.has('X-Amz-Algorithm');
  if (authorization === undefined && !presigned) throw new S3Error('AccessDenied');
  if (authorization !== undefined && presigned) throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed');

  const fields = authorization === undefined ? parameters : readAuthorization(authorization, headers);
  const malformed = (message: string) =>
    presigned
      ? new S3Error('AuthorizationQueryParametersError', message)
      : new S3Error('AuthorizationHeaderMalformed', `The authorization header is malformed; ${message}`);
  const read = (name: string) => {
    const value = fields.get(name);
    if (value === undefined) throw malformed(`authentication version 4 requires ${name}`);
    return value;
  };
  if (read('X-Amz-Algorithm') !== ALGORITHM) throw malformed(`X-Amz-Algorithm only supports "${ALGORITHM}"`);
  const payloadHash = fields.get('X-Amz-Content-Sha256') ?? headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD';
  return {
    credential: read('X-Amz-Credential'),
    timestamp: read('X-Amz-Date'),
    signedHeaders: read('X-Amz-SignedHeaders').split(';'),
    signature: read('X-Amz-Signature'),
    token: fields.get('X-Amz-Security-Token'),
    payloadHash,
    expires: presigned ? read('X-Amz-Expires') : undefined,
    malformed,
  };
};

/** The parts of an Authorization header, and the headers that belong to it, by the names they have in a link. */
const readAuthorization = (authorization: string, headers: ReadonlyMap<string, string>): Map<string, string> => {
  const [version = '', rest = ''] = authorization.split(/ (.*)/s);
  if (version !== ALGORITHM) {
    throw new S3Error('InvalidRequest', `The authorization mechanism is not supported. Please use ${ALGORITHM}.`);
  }
  const date = headers.get('x-amz-date');
  if (date === undefined) throw new S3Error('AccessDenied', 'AWS authentication requires a valid x-amz-date header');
  if (!headers.has('x-amz-content-sha256')) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  const fields = new Map([
    ['X-Amz-Algorithm', version],
    ['X-Amz-Date', date],
  ]);
  const token = headers.get('x-amz-security-token');
  if (token !== undefined) fields.set('X-Amz-Security-Token', token);
  for (const [, name = '', value = ''] of rest.matchAll(/(?:^|,) *(Credential|SignedHeaders|Signature)=([^,]*)/g)) {
    fields.set(`X-Amz-${name}`, value);
  }
  return fields;
};

/** Returns the scope of the credential: its day, region and service. */
const checkCredential = (
  { credential, timestamp, token, malformed }: Claim,
  own: Credentials,
  region: string,
): string => {
  const [id, day = '', ...scope] = credential.split('/');
  const expected = [region, 's3', 'aws4_request'];
  if (id !== own.accessKeyId) throw new S3Error('InvalidAccessKeyId');
  if (day !== timestamp.slice(0, 8) || scope.join('/') !== expected.join('/')) {
    throw malformed(
      `the credential is for ${[day, ...scope].join('/')}, expecting the day of X-Amz-Date/${expected.join('/')}`,
    );
  }
  if (token !== own.sessionToken) throw new S3Error(token === undefined ? 'InvalidAccessKeyId' : 'InvalidToken');
  return [day, ...scope].join('/');
};

const checkTime = ({ timestamp, expires, malformed }: Claim, now: Date): void => {
  const compact = /^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/;
  const signed = new Date(timestamp.replace(compact, '$1-$2-$3:$4:$5'));
  if (!compact.test(timestamp) || Number.isNaN(signed.getTime())) {
    throw malformed(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`);
  }
  const ahead = signed.getTime() - now.getTime();
  const details = { RequestTime: timestamp, ServerTime: now.toISOString() };
  if (expires === undefined) {
    if (Math.abs(ahead) > MAX_SKEW_MS) throw new S3Error('RequestTimeTooSkewed', undefined, { details });
    return;
  }
  if (/^-\d+$/.test(expires)) throw malformed('X-Amz-Expires must be non-negative');
  if (!/^\d+$/.test(expires)) throw malformed('X-Amz-Expires should be a number');
  if (Number(expires) > MAX_EXPIRY_SECONDS) {
    throw malformed(`X-Amz-Expires must be less than a week (in seconds), that is, at most ${MAX_EXPIRY_SECONDS}`);
  }
  if (ahead > MAX_SKEW_MS) throw new S3Error('AccessDenied', 'Request is not valid yet', { details });
  if (-ahead > Number(expires) * 1000) throw new S3Error('AccessDenied', 'Request has expired', { details });
};

// Otherwise the holder of a link could add headers that were not signed.
const checkSignedHeaders = ({ signedHeaders }: Claim, { headers }: SignedRequest): void => {
  const required = ['host', ...[...headers.keys()].filter((name) => name.startsWith('x-amz-'))];
  const unsigned = required.filter((name) => !signedHeaders.includes(name));
  if (unsigned.length > 0) {
    const details = { HeadersNotSigned: unsigned.join(', ') };
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', { details });
  }
};

const toCanonicalRequest = (
  { signedHeaders, payloadHash }: Claim,
  { method, target, headers }: SignedRequest,
): string => {
  const names = [...signedHeaders].sort();
  const query = target.rawParameters
    .filter(([name]) => name !== 'X-Amz-Signature')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return [
    method,
    target.rawPath,
    query.join('&'),
    ...names.map((name) => `${name}:${(headers.get(name) ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n');
};

/**
 * S3 decodes what it receives and encodes it again before it verifies, so it refuses a signer that encodes in any other
 * way. Here the raw target is what is verified, and an encoding that S3 would not produce is rejected.
 */
const isWellEncoded = ({ rawPath, rawParameters }: Target): boolean => {
  const path = decodeUri(rawPath).split('/').map(encodeUri).join('/');
  return path === rawPath && rawParameters.flat().every((part) => encodeUri(decodeUri(part)) === part);
};
