import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { AwsConfig } from './config.ts';
import { credentialSource } from './credentials.ts';
import { UnconvertedJsonProtocol } from './dynamodb/unconverted-json-protocol.ts';
import { agentOptions } from './proxy.ts';

/** The share of a request's time that one attempt of a call may take, so that the SDK has time for another. */
const ATTEMPT_SHARE = 0.4;
const MIN_ATTEMPT_MS = 4_000;

/**
 * Limits for an SDK client. An attempt that hangs is aborted and made again by the SDK, which by default has no such
 * limits. The SDK makes three or four attempts, so the request's own deadline is the outer limit.
 */
export const requestLimits = (requestTimeoutSeconds: number) => {
  const attemptMs = Math.max(MIN_ATTEMPT_MS, requestTimeoutSeconds * 1_000 * ATTEMPT_SHARE);
  return {
    connectionTimeout: 1_000,
    // Until the response begins. Without the flag the SDK only warns.
    requestTimeout: attemptMs,
    throwOnRequestTimeout: true,
    // Without a byte, also in the middle of a response.
    socketTimeout: attemptMs,
  };
};

/**
 * A logger for every SDK client. If a logger has `info`, even one that does nothing as in the SDK's default, the SDK
 * copies every output to remove secrets from it, which takes as long as reading the output. A type of the SDK requires
 * `info`; the SDK does not.
 */
const quietLogger = {
  debug: () => undefined,
  warn: () => undefined,
  error: () => undefined,
} as unknown as NonNullable<S3ClientConfig['logger']>;

export interface AwsClientOptions {
  /** The deadline of one request. Default: 10. */
  readonly requestTimeoutSeconds?: number | undefined;
}

export interface AwsClients {
  readonly dynamo: DynamoDBClient;
  readonly s3: S3Client;
  /** Signs links for the address by which users reach S3. Sends nothing. */
  readonly presigning: S3Client;
}

/** Creates the SDK clients. The SDK reads region and endpoints from the environment. */
export const createAwsClients = (
  { forcePathStyle, publicEndpoint, proxyEnv }: AwsConfig,
  { requestTimeoutSeconds = 10 }: AwsClientOptions = {},
): AwsClients => {
  // MAX_IN_FLIGHT limits the number of connections. The SDK's default limit is 50, and it counts waiting for one as
  // connecting: a burst of requests would get 503 although AWS works.
  const agent = { keepAlive: true, maxSockets: Infinity, ...agentOptions(proxyEnv) };
  const settings = {
    requestHandler: { ...requestLimits(requestTimeoutSeconds), httpAgent: agent, httpsAgent: agent },
    logger: quietLogger,
    credentials: credentialSource(),
  };
  const s3 = new S3Client({ ...settings, forcePathStyle });
  return {
    dynamo: new DynamoDBClient({ ...settings, protocol: UnconvertedJsonProtocol }),
    s3,
    presigning: publicEndpoint ? new S3Client({ ...settings, forcePathStyle, endpoint: publicEndpoint }) : s3,
  };
};
