import { createHmac, hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Unavailable } from '@jobs-api/core';
import type { ObjectKey } from '@jobs-api/core';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import { escapeUri } from '@smithy/core/protocols';

export interface PresignOptions {
  readonly bucketName: string;
  /** 1 to 604800. */
  readonly ttlSeconds: number;
  /** What the answer's Content-Disposition header shall be. */
  readonly contentDisposition?: string | undefined;
  /** When the URLs are signed. Default: now, by S3's clock where the client found it to differ from ours. */
  readonly now?: Date | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PresignedUrls {
  /** In the order of the keys. */
  readonly urls: readonly string[];
  /** The earlier of the lifetime asked for and the end of the credentials. */
  readonly expiresAt: Date;
}

/** How many URLs are made before others get their turn: 2 to 6 ms of work. */
const URLS_PER_TURN = 500;
const SDK_URLS_PER_TURN = 10;

/**
 * GET URLs for many keys, the same to the byte as `getSignedUrl` makes them for a client with `requestChecksumCalculation`
 * and `responseChecksumValidation` at `WHEN_REQUIRED`, about a hundred times as fast: it does for every URL what is done
 * here for every call. What is not understood here, such as S3 Express or middleware of your own, is left to it.
 *
 * @throws Unavailable where the credentials are about to expire, and their provider has no newer ones
 */
export const presignAll = async (
  client: S3Client,
  keys: readonly ObjectKey[],
  { bucketName, ttlSeconds, contentDisposition, now, signal }: PresignOptions,
): Promise<PresignedUrls> => {
  const credentials = await client.config.credentials();
  const time = now?.getTime() ?? Date.now() + client.config.systemClockOffset;
  const endOfCredentials = credentials.expiration?.getTime() ?? Infinity;
  if (endOfCredentials - time < 1_000) throw new Unavailable('the credentials for signing have expired');
  // A signature tells whole seconds.
  const signedAt = Math.floor(time / 1_000) * 1_000;
  const expiresIn = Math.min(ttlSeconds, Math.floor((endOfCredentials - signedAt) / 1_000));

  const endpoint = await plainEndpoint(client, bucketName);
  const query = {
    'X-Amz-Content-Sha256': UNSIGNED_PAYLOAD,
    'X-Amz-Expires': String(expiresIn),
    'x-id': 'GetObject',
    ...(contentDisposition !== undefined && { 'response-content-disposition': contentDisposition }),
  };
  const signingDate = new Date(signedAt);
  const toUrl: (key: string) => string | Promise<string> = endpoint
    ? urlSigner({ ...endpoint, credentials, signingDate, query })
    : (Key: string) => {
        const input = { Bucket: bucketName, Key, ResponseContentDisposition: contentDisposition };
        return getSignedUrl(client, new GetObjectCommand(input), { expiresIn, signingDate });
      };

  const urls: string[] = [];
  const perTurn = endpoint ? URLS_PER_TURN : SDK_URLS_PER_TURN;
  for (let next = 0; next < keys.length; next += perTurn) {
    if (next > 0) await setImmediate();
    signal?.throwIfAborted();
    urls.push(...(await Promise.all(keys.slice(next, next + perTurn).map(toUrl))));
  }
  return { urls, expiresAt: new Date(signedAt + expiresIn * 1_000) };
};

interface PlainEndpoint {
  readonly url: URL;
  readonly region: string;
  readonly service: string;
}

/** Where the client would send the requests, unless there is more to them than path, query and Signature Version 4. */
const plainEndpoint = async (client: S3Client, bucketName: string): Promise<PlainEndpoint | undefined> => {
  const { config } = client;
  const endpoint = await getEndpointFromInstructions({ Bucket: bucketName }, GetObjectCommand, config);
  const { url, headers = {}, properties } = endpoint;
  const [scheme] = properties?.authSchemes ?? [];
  const isPlain =
    scheme?.name === 'sigv4' &&
    Object.keys(headers).length === 0 &&
    url.href === url.origin + url.pathname &&
    !config.bucketEndpoint &&
    hasStandardMiddleware(client);
  return isPlain ? { url, region: scheme.signingRegion, service: scheme.signingName } : undefined;
};

let standardMiddleware: ReadonlySet<string> | undefined;
const inspected = new WeakMap<S3Client, boolean>();

/** Whether nobody has added middleware, which may change the requests. Looks once at each client: it takes longer than a URL. */
const hasStandardMiddleware = (client: S3Client): boolean => {
  let isStandard = inspected.get(client);
  if (isStandard === undefined) {
    const standard = (standardMiddleware ??= new Set(new S3Client().middlewareStack.identify()));
    isStandard = client.middlewareStack.identify().every((name) => standard.has(name));
    inspected.set(client, isStandard);
  }
  return isStandard;
};

const ALGORITHM = 'AWS4-HMAC-SHA256';
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

/** What the URLs of one call have in common. */
interface UrlSignerOptions extends PlainEndpoint {
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  };
  readonly signingDate: Date;
  /** The parameters besides those that the signature needs. */
  readonly query: Readonly<Record<string, string>>;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
export const urlSigner = (options: UrlSignerOptions): ((key: string) => string) => {
  const { url, region, service, credentials, signingDate, query } = options;
  const timestamp = signingDate.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = [timestamp.slice(0, 8), region, service, 'aws4_request'];
  const secret = Buffer.from(`AWS4${credentials.secretAccessKey}`);
  const signingKey = scope.reduce((key, part) => createHmac('sha256', key).update(part).digest(), secret);
  const sign = hmacOfDigest(signingKey, [ALGORITHM, timestamp, scope.join('/'), ''].join('\n'));

  const parameters = {
    ...query,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': [credentials.accessKeyId, ...scope].join('/'),
    'X-Amz-Date': timestamp,
    'X-Amz-SignedHeaders': 'host',
    ...(credentials.sessionToken && { 'X-Amz-Security-Token': credentials.sessionToken }),
  };
  const sorted = Object.entries(parameters)
    .map(([name, value]) => `${name}=${escapeUri(value)}`)
    .sort();
  const canonicalQuery = sorted.join('&');
  const afterPath = `\n${canonicalQuery}\nhost:${url.host}\n\nhost\n${UNSIGNED_PAYLOAD}`;
  // Where the signature belongs by its name.
  const at = canonicalQuery.indexOf('&X-Amz-SignedHeaders=');
  const [before, after] = [`?${canonicalQuery.slice(0, at)}&X-Amz-Signature=`, canonicalQuery.slice(at)];
  const { origin } = url;
  const prefix = url.pathname === '/' ? '' : url.pathname;
  return (key) => {
    const path = `${prefix}/${encodeKey(key)}`;
    const signature = sign(hash('sha256', `GET\n${path}${afterPath}`));
    return origin + path + before + signature + after;
  };
};

const encodeKey = (key: string): string => (/^[\w.~/-]*$/.test(key) ? key : escapeUri(key).replaceAll('%2F', '/'));

const BLOCK = 64;

/**
 * The HMAC-SHA-256 of a text that ends in the hexadecimal digest of another, in hexadecimal. By two one-shot hashes over
 * blocks that are laid out once (RFC 2104), since the setup of `createHmac` costs as much as both.
 */
const hmacOfDigest = (key: Buffer, text: string): ((digest: string) => string) => {
  const padded = (byte: number) => Buffer.alloc(BLOCK, byte).map((pad, index) => pad ^ (key[index] ?? 0));
  const inner = Buffer.concat([padded(0x36), Buffer.from(text), Buffer.alloc(64)]);
  const outer = Buffer.concat([padded(0x5c), Buffer.alloc(32)]);
  return (digest) => {
    inner.write(digest, inner.length - digest.length, 'latin1');
    outer.write(hash('sha256', inner, 'binary'), BLOCK, 'binary');
    return hash('sha256', outer);
  };
};
