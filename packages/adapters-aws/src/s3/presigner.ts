import { createHmac, hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Unavailable } from '@jobs-api/core';
import type { ObjectKey } from '@jobs-api/core';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import { escapeUri } from '@smithy/core/protocols';
import pLimit from 'p-limit';
import { OBSERVER } from '../observe-calls.ts';

export interface PresignOptions {
  readonly bucketName: string;
  /** 1 to 604800. */
  readonly ttlSeconds: number;
  /** The `Content-Disposition` that the object is to be answered with. */
  readonly contentDisposition?: string | undefined;
  /** When the URLs are signed. Default: now, by the clock of S3 where the client has found its own to be wrong. */
  readonly now?: Date | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PresignedUrls {
  /** In the order of the keys. */
  readonly urls: readonly string[];
  /** The earlier of the lifetime asked for and the end of the credentials. */
  readonly expiresAt: Date;
}

/** How many URLs are made before other work gets its turn: a few milliseconds' worth. */
const URLS_PER_TURN = 500;
const SDK_URLS_PER_TURN = 10;

/** For batches of several turns: if they took them alternately, the first would be done as late as the last. */
const inOrder = pLimit(1);

/**
 * GET URLs for many keys: byte for byte those that `getSignedUrl` makes for a client whose `requestChecksumCalculation`
 * and `responseChecksumValidation` are `WHEN_REQUIRED`, in a hundredth of the time, since what is the same for all of
 * them is done once. Where the client needs more than that, S3 Express or middleware of one's own, it is `getSignedUrl`
 * that makes them.
 *
 * @throws Unavailable where the credentials end within a second, and their provider has no others
 */
export const presignAll = async (
  client: S3Client,
  keys: readonly ObjectKey[],
  { bucketName, ttlSeconds, contentDisposition, now, signal }: PresignOptions,
): Promise<PresignedUrls> => {
  const credentials = await client.config.credentials();
  const time = now?.getTime() ?? Date.now() + client.config.systemClockOffset;
  const endOfCredentials = credentials.expiration?.getTime() ?? Infinity;
  if (endOfCredentials - time < 1_000) throw new Unavailable('the credentials to sign with have expired');
  // A URL tells whole seconds.
  const signedAt = Math.floor(time / 1_000) * 1_000;
  const expiresIn = Math.min(ttlSeconds, Math.floor((endOfCredentials - signedAt) / 1_000));
  const signingDate = new Date(signedAt);

  const bySdk = (Key: string): Promise<string> => {
    const input = { Bucket: bucketName, Key, ResponseContentDisposition: contentDisposition };
    return getSignedUrl(client, new GetObjectCommand(input), { expiresIn, signingDate });
  };
  const sign = await signerFor(client, { bucketName, credentials, signedAt, expiresIn, contentDisposition });
  const perTurn = sign ? URLS_PER_TURN : SDK_URLS_PER_TURN;
  const isLong = keys.length > perTurn;

  const signInTurns = async (): Promise<string[]> => {
    const urls: string[] = [];
    for (let start = 0; start < keys.length; start += perTurn) {
      if (isLong) await setImmediate();
      signal?.throwIfAborted();
      const batch = keys.slice(start, start + perTurn);
      urls.push(...(sign ? batch.map(sign) : await Promise.all(batch.map(bySdk))));
    }
    return urls;
  };
  // Not by the SDK, which may wait for credentials: nobody else should then have to.
  const urls = await (sign && isLong ? inOrder(signInTurns) : signInTurns());
  return { urls, expiresAt: new Date(signedAt + expiresIn * 1_000) };
};

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

interface Batch {
  readonly bucketName: string;
  readonly credentials: Credentials;
  /** Whole seconds, in milliseconds since 1970. */
  readonly signedAt: number;
  /** Seconds. */
  readonly expiresIn: number;
  readonly contentDisposition: string | undefined;
}

type Sign = (key: string) => string;

let latest: { readonly madeOf: readonly unknown[]; readonly sign: Sign | undefined } | undefined;

/**
 * What signs the URLs of a batch, if we can: the signer that was made last where it will do, since whoever asks within
 * the same second with the same credentials can share it.
 */
const signerFor = async (client: S3Client, batch: Batch): Promise<Sign | undefined> => {
  const { bucketName, credentials, signedAt, expiresIn, contentDisposition } = batch;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const identity = [accessKeyId, secretAccessKey, sessionToken];
  const madeOf = [client, bucketName, ...identity, signedAt, expiresIn, contentDisposition];
  if (!latest?.madeOf.every((part, index) => part === madeOf[index])) {
    const endpoint = await plainEndpoint(client, bucketName);
    const query = {
      'X-Amz-Content-Sha256': UNSIGNED_PAYLOAD,
      'X-Amz-Expires': String(expiresIn),
      'x-id': 'GetObject',
      ...(contentDisposition !== undefined && { 'response-content-disposition': contentDisposition }),
    };
    const signingDate = new Date(signedAt);
    latest = { madeOf, sign: endpoint && urlSigner({ ...endpoint, credentials, signingDate, query }) };
  }
  return latest.sign;
};

interface Endpoint {
  readonly url: URL;
  readonly region: string;
  readonly service: string;
}

/** Where the client would send the requests, if Signature Version 4 over path and query is all there is to them. */
const plainEndpoint = async (client: S3Client, bucketName: string): Promise<Endpoint | undefined> => {
  const { config } = client;
  const endpoint = await getEndpointFromInstructions({ Bucket: bucketName }, GetObjectCommand, config);
  const { url, headers = {}, properties } = endpoint;
  const scheme = properties?.authSchemes?.[0];
  const isPlain =
    scheme?.name === 'sigv4' &&
    url.href === url.origin + url.pathname &&
    Object.keys(headers).length === 0 &&
    !config.bucketEndpoint &&
    hasStandardMiddleware(client);
  return isPlain ? { url, region: scheme.signingRegion, service: scheme.signingName } : undefined;
};

let standardMiddleware: Set<string> | undefined;
const inspected = new WeakMap<S3Client, boolean>();

/** Whether nobody has added middleware that could change a request. Looks at each client once, for that takes a while. */
const hasStandardMiddleware = (client: S3Client): boolean => {
  const known = inspected.get(client);
  if (known !== undefined) return known;
  const standard = (standardMiddleware ??= new Set([...new S3Client().middlewareStack.identify(), OBSERVER]));
  const isStandard = client.middlewareStack.identify().every((name) => standard.has(name));
  inspected.set(client, isStandard);
  return isStandard;
};

const ALGORITHM = 'AWS4-HMAC-SHA256';
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

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
  // By its name, the signature belongs in front of this one.
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
