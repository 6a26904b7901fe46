import { setImmediate } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Unavailable } from '@jobs-api/core';
import type { ObjectKey } from '@jobs-api/core';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import pLimit from 'p-limit';
import { OBSERVER } from '../observe-calls.ts';
import { UNSIGNED_PAYLOAD, urlSigner } from './url-signer.ts';
import type { Credentials, Endpoint, Sign } from './url-signer.ts';

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

interface Batch {
  readonly bucketName: string;
  readonly credentials: Credentials;
  /** Whole seconds, in milliseconds since 1970. */
  readonly signedAt: number;
  /** Seconds. */
  readonly expiresIn: number;
  readonly contentDisposition: string | undefined;
}

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
