import 'reflect-metadata/lite'; // as inversify does: the whole would be a second copy
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { createJobs } from '@jobs-api/core';
import type { Authenticator, CallOptions, Jobs } from '@jobs-api/core';
import { Container } from 'inversify';
import type { ServiceIdentifier } from 'inversify';
import { quietLogger, requestLimits } from './call-aws.ts';
import { JwtAuthenticator } from './jwt/jwt-authenticator.ts';
import { RemoteJwks } from './jwt/jwks.ts';
import type { TokenCacheStats } from './jwt/token-cache.ts';
import type { AwsConfig } from './config.ts';
import { DynamoJobStore } from './dynamodb/dynamo-job-store.ts';
import { readLargeResponsesInTurns } from './dynamodb/large-responses.ts';
import { PlainProtocol } from './dynamodb/plain-protocol.ts';
import { observeCalls } from './observe-calls.ts';
import type { AwsCallListener } from './observe-calls.ts';
import { S3ObjectStore } from './s3/s3-object-store.ts';
import { Secrets } from './secrets.ts';

/** By the name of what may be out of reach: rejects where it is. */
export type ReadinessChecks = Readonly<Record<string, (options: CallOptions) => Promise<void>>>;

const clientSettings = { requestHandler: requestLimits, logger: quietLogger };

const token = <Service>(name: string): ServiceIdentifier<Service> => Symbol.for(`@jobs-api/${name}`);

const jobStore = token<DynamoJobStore>('jobStore');
const objectStore = token<S3ObjectStore>('objectStore');
const jwtAuthenticator = token<JwtAuthenticator>('jwtAuthenticator');

/** What the container hands out. */
export const TOKENS = {
  jobs: token<Jobs>('jobs'),
  /** Bound where the configuration says whose tokens are taken. */
  authenticator: token<Authenticator>('authenticator'),
  /** What the authenticator's cache has done so far. Bound where that is. */
  tokenCacheStats: token<() => TokenCacheStats>('tokenCacheStats'),
  readinessChecks: token<ReadinessChecks>('readinessChecks'),
  /** Returns the values that must not be logged, such as the credentials in use: the same array until they change. */
  secrets: token<() => readonly string[]>('secrets'),
};

export interface ContainerOptions {
  /** Told of what went wrong without failing a request. Must not throw. */
  readonly onWarning?: (message: string, error: unknown) => void;
  readonly onAwsCall?: AwsCallListener | undefined;
}

/** Binds the core's ports to AWS. Everything is made once, when it is first asked for. */
export const createContainer = (config: AwsConfig, { onWarning, onAwsCall }: ContainerOptions = {}): Container => {
  const container = new Container({ defaultScope: 'Singleton' });
  const secrets = new Secrets(config.secrets);
  const observer = { onCall: onAwsCall, onIdentity: secrets.add };
  container.bind(TOKENS.secrets).toConstantValue(() => secrets.values);

  container.bind(jobStore).toResolvedValue(() => {
    const { tableName, summaryIndexName } = config;
    const client = new DynamoDBClient({ ...clientSettings, protocol: PlainProtocol });
    observeCalls(client, observer);
    readLargeResponsesInTurns(client);
    return new DynamoJobStore(client, { tableName, summaryIndexName });
  });

  container.bind(objectStore).toResolvedValue(() => {
    const { bucketName, urlTtlSeconds, forcePathStyle, publicEndpoint } = config;
    const client = new S3Client({ ...clientSettings, forcePathStyle });
    observeCalls(client, observer);
    const presigningClient = publicEndpoint ? new S3Client({ forcePathStyle, endpoint: publicEndpoint }) : client;
    return new S3ObjectStore(client, { bucketName, urlTtlSeconds, presigningClient });
  });

  const { tokens, userIdClaim } = config;
  if (tokens) {
    container.bind(jwtAuthenticator).toResolvedValue(() => {
      const onFetchFailed = (error: unknown) => onWarning?.('the token keys could not be fetched', error);
      return new JwtAuthenticator(new RemoteJwks(tokens.jwksUri, { onFetchFailed }), { ...tokens.rules, userIdClaim });
    });
    container.bind(TOKENS.authenticator).toService(jwtAuthenticator);
    container
      .bind(TOKENS.tokenCacheStats)
      .toResolvedValue((authenticator) => () => authenticator.cacheStats, [jwtAuthenticator]);
  }

  container
    .bind(TOKENS.jobs)
    .toResolvedValue((jobs, objects) => createJobs({ jobStore: jobs, objectStore: objects }), [jobStore, objectStore]);
  container.bind(TOKENS.readinessChecks).toDynamicValue((context) => {
    const [jobs, objects] = [context.get(jobStore), context.get(objectStore)];
    const authenticator = context.get(jwtAuthenticator, { optional: true });
    return {
      table: (options) => jobs.check(options),
      bucket: (options) => objects.check(options),
      ...(authenticator && { 'token keys': (options: CallOptions) => authenticator.check(options) }),
    };
  });
  return container;
};
