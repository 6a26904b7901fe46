import 'reflect-metadata/lite'; // as inversify does: the whole would be a second copy
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { createJobs } from '@jobs-api/core';
import type { Authenticator, CallOptions, Jobs, ReadinessChecks } from '@jobs-api/core';
import { Container } from 'inversify';
import type { ServiceIdentifier } from 'inversify';
import { quietLogger, requestLimits } from './call-aws.ts';
import { JwtAuthenticator } from './jwt/jwt-authenticator.ts';
import { RemoteJwks } from './jwt/jwks.ts';
import type { TokenCacheStats } from './jwt/token-cache.ts';
import type { AwsConfig } from './config.ts';
import { DynamoJobStore } from './dynamodb/dynamo-job-store.ts';
import { readLargeResponsesInTurns } from './dynamodb/large-responses.ts';
import { UnconvertedJsonProtocol } from './dynamodb/unconverted-json-protocol.ts';
import { observeCalls } from './observe-calls.ts';
import type { AwsCallListener } from './observe-calls.ts';
import { S3ObjectStore } from './s3/s3-object-store.ts';
import { Secrets } from './secrets.ts';

const clientSettings = { requestHandler: requestLimits, logger: quietLogger };

const serviceId = <Service>(name: string): ServiceIdentifier<Service> => Symbol.for(`@jobs-api/${name}`);

const jobStore = serviceId<DynamoJobStore>('jobStore');
const objectStore = serviceId<S3ObjectStore>('objectStore');
const jwtAuthenticator = serviceId<JwtAuthenticator>('jwtAuthenticator');

/** What the container hands out. */
export const SERVICES = {
  jobs: serviceId<Jobs>('jobs'),
  /** Bound where the configuration says whose tokens are taken. */
  authenticator: serviceId<Authenticator>('authenticator'),
  /** What the authenticator's cache has done so far. Bound where that is. */
  tokenCacheStats: serviceId<() => TokenCacheStats>('tokenCacheStats'),
  readinessChecks: serviceId<ReadinessChecks>('readinessChecks'),
  /** Returns the values that must not be logged, such as the credentials in use: the same array until they change. */
  secrets: serviceId<() => readonly string[]>('secrets'),
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
  container.bind(SERVICES.secrets).toConstantValue(() => secrets.values);

  container.bind(jobStore).toResolvedValue(() => {
    const { tableName, summaryIndexName } = config;
    const client = new DynamoDBClient({ ...clientSettings, protocol: UnconvertedJsonProtocol });
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
    container.bind(SERVICES.authenticator).toService(jwtAuthenticator);
    container
      .bind(SERVICES.tokenCacheStats)
      .toResolvedValue((authenticator) => () => authenticator.cacheStats, [jwtAuthenticator]);
  }

  container
    .bind(SERVICES.jobs)
    .toResolvedValue((jobs, objects) => createJobs({ jobStore: jobs, objectStore: objects }), [jobStore, objectStore]);
  container.bind(SERVICES.readinessChecks).toDynamicValue((context) => {
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
