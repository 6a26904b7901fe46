import { setImmediate } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Unavailable, untilAborted, type ObjectKey, type Presigner } from '@jobs-api/core';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import { OBSERVER } from '../observe-calls.ts';
import { UNSIGNED_PAYLOAD, urlSigner, type Credentials, type Endpoint, type Sign } from './url-signer.ts';

export interface PresignerOptions {
  readonly bucketName: string;
  /** 1 to 604800. */
  readonly ttlSeconds: number;
  /** The `Content-Disposition` that S3 sends with the object. */
  readonly contentDisposition?: string | undefined;
  /** When the URLs are signed. Default: now, by the clock of S3. */
  readonly now?: Date | undefined;
  /** How far the clock of S3 is ahead of ours, in milliseconds. Default: what the client has found out. */
  readonly clockOffsetMs?: number | undefined;
}

/** Session credentials of the environment or of Lambda do not say when they end. Most last longer than this. */
const MIN_SESSION_MS = 3_600_000;

/** How many URLs are signed in one turn of the event loop: they take a few milliseconds. */
const URLS_PER_TURN = 500;
const SDK_URLS_PER_TURN = 10;

/** How long the SDK may take for as many URLs, since it may have to fetch credentials. */
const SDK_TIMEOUT_MS = 4_000;

/**
 * Returns a signer of GET URLs: byte for byte those of `getSignedUrl` for a client whose `requestChecksumCalculation` and
 * `responseChecksumValidation` are `WHEN_REQUIRED`, in a hundredth of the time, since what all of them share is computed
 * once. If the client needs more than that, such as S3 Express or middleware of its own, `getSignedUrl` makes them.
 *
 * @throws Unavailable if the credentials end within a second, and their provider has no others
 */
export const createPresigner = async (
  client: S3Client,
  { bucketName, ttlSeconds, contentDisposition, now, clockOffsetMs }: PresignerOptions,
): Promise<Presigner> => {
  const credentials = await client.config.credentials();
  const time = now?.getTime() ?? Date.now() + (clockOffsetMs ?? client.config.systemClockOffset);
  const endOfSession = credentials.sessionToken ? time + MIN_SESSION_MS : Infinity;
  const endOfCredentials = credentials.expiration?.getTime() ?? endOfSession;
  if (endOfCredentials - time < 1_000) throw new Unavailable('the credentials to sign with have expired');
  // A URL has whole seconds.
  const signedAt = Math.floor(time / 1_000) * 1_000;
  const expiresIn = Math.min(ttlSeconds, Math.floor((endOfCredentials - signedAt) / 1_000));
  const sign = await signerFor(client, { bucketName, credentials, signedAt, expiresIn, contentDisposition });

  const bySdk = (keys: readonly ObjectKey[]): Promise<string[]> => {
    const urls = keys.map((Key) => {
      const input = { Bucket: bucketName, Key, ResponseContentDisposition: contentDisposition };
      return getSignedUrl(client, new GetObjectCommand(input), { expiresIn, signingDate: new Date(signedAt) });
    });
    return inTime(Promise.all(urls));
  };
  const perTurn = sign ? URLS_PER_TURN : SDK_URLS_PER_TURN;
  let signedInThisTurn = 0;

  const presign = async (keys: readonly ObjectKey[]): Promise<readonly string[]> => {
    const urls: string[] = [];
    for (let start = 0; start < keys.length; start += perTurn) {
      const batch = keys.slice(start, start + perTurn);
      if (signedInThisTurn + batch.length > perTurn) {
        await setImmediate();
        signedInThisTurn = 0;
      }
      signedInThisTurn += batch.length;
      urls.push(...(sign ? batch.map(sign) : await bySdk(batch)));
    }
    return urls;
  };
  return { expiresAt: new Date(signedAt + expiresIn * 1_000), presign };
};

/** @throws Unavailable if the SDK takes too long */
const inTime = async <Result>(work: Promise<Result>): Promise<Result> => {
  const timeout = AbortSignal.timeout(SDK_TIMEOUT_MS);
  try {
    return await untilAborted(work, timeout);
  } catch (error) {
    throw timeout.aborted ? new Unavailable('presigning took too long', { cause: error }) : error;
  }
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
 * Returns our own signer for a batch of URLs, if it can sign them. Requests within the same second with the same
 * credentials share the signer that was created last.
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

/** Returns the address that the client would use, if Signature Version 4 over path and query is all that is needed. */
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

/** Whether the client has no added middleware that could change a request. Computed once for each client: it is slow. */
const hasStandardMiddleware = (client: S3Client): boolean => {
  const known = inspected.get(client);
  if (known !== undefined) return known;
  const standard = (standardMiddleware ??= new Set([...new S3Client().middlewareStack.identify(), OBSERVER]));
  const isStandard = client.middlewareStack.identify().every((name) => standard.has(name));
  inspected.set(client, isStandard);
  return isStandard;
};
