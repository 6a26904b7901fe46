import { createHmac, hash } from 'node:crypto';
import { escapeUri } from '@smithy/core/protocols';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** The address of requests, and the scope of their signature. */
export interface Endpoint {
  readonly url: URL;
  readonly region: string;
  readonly service: string;
}

/** Returns the signed URL of a key. */
export type Sign = (key: string) => string;

const ALGORITHM = 'AWS4-HMAC-SHA256';
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

interface UrlSignerOptions extends Endpoint {
  readonly credentials: Credentials;
  readonly signingDate: Date;
  /** The parameters besides those that say how the URL is signed. */
  readonly query: Readonly<Record<string, string>>;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
export const urlSigner = (options: UrlSignerOptions): Sign => {
  const { url, region, service, credentials, signingDate, query } = options;
  const timestamp = signingDate.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = [timestamp.slice(0, 8), region, service, 'aws4_request'];
  const secret = Buffer.from(`AWS4${credentials.secretAccessKey}`);
  const signingKey = scope.reduce((key, part) => createHmac('sha256', key).update(part).digest(), secret);
  const sign = hmacOfDigest(signingKey, `${ALGORITHM}\n${timestamp}\n${scope.join('/')}\n`);

  const parameters = {
    ...query,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope.join('/')}`,
    'X-Amz-Date': timestamp,
    'X-Amz-SignedHeaders': 'host',
    ...(credentials.sessionToken && { 'X-Amz-Security-Token': credentials.sessionToken }),
  };
  const escaped = Object.entries(parameters).map(([name, value]) => `${name}=${escapeUri(value)}`);
  const canonicalQuery = escaped.sort().join('&');
  // Parameters are in the order of their names: the signature comes before this one.
  const cut = canonicalQuery.indexOf('&X-Amz-SignedHeaders=');
  const [before, after] = [canonicalQuery.slice(0, cut), canonicalQuery.slice(cut)];
  const { origin, host, pathname } = url;
  const folder = pathname === '/' ? pathname : `${pathname}/`;
  const digest = digestInFrontOf(`\n${canonicalQuery}\nhost:${host}\n\nhost\n${UNSIGNED_PAYLOAD}`);
  return (key) => {
    const path = folder + escapeKey(key);
    const signature = sign(digest(`GET\n${path}`));
    return `${origin}${path}?${before}&X-Amz-Signature=${signature}${after}`;
  };
};

const escapeKey = (key: string): string => (/^[\w.~/-]*$/.test(key) ? key : escapeUri(key).replaceAll('%2F', '/'));

/** Bytes for what comes before the query: a key of 1,024, which is all that S3 takes, has at most 3,072 when escaped. */
const ROOM = 4_096;

/**
 * The SHA-256 in hexadecimal of a text in ASCII followed by another, which is the same each time. That one is encoded
 * once, and no string is made of both: signing takes a sixth less time, and leaves less garbage.
 */
const digestInFrontOf = (end: string): ((start: string) => string) => {
  const bytes = Buffer.concat([Buffer.alloc(ROOM), Buffer.from(end)]);
  return (start) => {
    if (start.length > ROOM) return hash('sha256', start + end);
    bytes.write(start, ROOM - start.length, 'latin1');
    return hash('sha256', bytes.subarray(ROOM - start.length));
  };
};

/**
 * The HMAC-SHA-256 (RFC 2104) of a text followed by a digest in hexadecimal. Two one-shot hashes of blocks that are laid
 * out once: `createHmac` takes two to ten times as long, by the version of Node.
 */
const hmacOfDigest = (key: Buffer, text: string): ((digest: string) => string) => {
  const block = (pad: number) => Buffer.alloc(64, pad).map((byte, index) => byte ^ (key[index] ?? 0));
  const inner = Buffer.concat([block(0x36), Buffer.from(text), Buffer.alloc(64)]);
  const outer = Buffer.concat([block(0x5c), Buffer.alloc(32)]);
  return (digest) => {
    inner.write(digest, inner.length - 64, 'latin1');
    outer.write(hash('sha256', inner, 'binary'), 64, 'binary');
    return hash('sha256', outer);
  };
};
