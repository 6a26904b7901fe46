import 'reflect-metadata/lite'; // as inversify does: the whole would be a second copy
import { createJobs, type Authenticator, type CallOptions, type Jobs, type ReadinessChecks } from '@jobs-api/core';
import { Container, type ServiceIdentifier } from 'inversify';
import { createAwsClients, type AwsClientOptions, type AwsClients } from './aws-clients.ts';
import { JwtAuthenticator } from './jwt/jwt-authenticator.ts';
import { RemoteJwks } from './jwt/jwks.ts';
import type { TokenCacheStats } from './jwt/token-cache.ts';
import type { AwsConfig } from './config.ts';
import { DynamoJobStore } from './dynamodb/dynamo-job-store.ts';
import { readLargeResponsesInTurns } from './dynamodb/large-responses.ts';
import { observeCalls, type AwsCallListener } from './observe-calls.ts';
import { S3ObjectStore } from './s3/s3-object-store.ts';
import { Secrets } from './secrets.ts';

const serviceId = <Service>(name: string): ServiceIdentifier<Service> => Symbol.for(`@jobs-api/${name}`);

const awsClients = serviceId<AwsClients>('awsClients');
const jobStore = serviceId<DynamoJobStore>('jobStore');
const objectStore = serviceId<S3ObjectStore>('objectStore');
const jwtAuthenticator = serviceId<JwtAuthenticator>('jwtAuthenticator');

/** The services of the container. */
export const SERVICES = {
  jobs: serviceId<Jobs>('jobs'),
  /** Bound if the configuration has the issuer of tokens, and so are the next two. */
  authenticator: serviceId<Authenticator>('authenticator'),
  /** Counts of the authenticator's cache so far. */
  tokenCacheStats: serviceId<() => TokenCacheStats>('tokenCacheStats'),
  /** Returns the fetch of token keys that is under way, if any: for a process that is frozen after each request. */
  fetchingTokenKeys: serviceId<() => Promise<void> | undefined>('fetchingTokenKeys'),
  readinessChecks: serviceId<ReadinessChecks>('readinessChecks'),
  /** Returns the values that must not be logged, such as the credentials in use: the same array until they change. */
  secrets: serviceId<() => readonly string[]>('secrets'),
};

export interface ContainerOptions extends AwsClientOptions {
  /** Called with errors that do not fail a request. Must not throw. */
  readonly onWarning?: (message: string, error: unknown) => void;
  readonly onAwsCall?: AwsCallListener | undefined;
}

/** Binds the core's ports to AWS. Each service is created once, when it is first used. */
export const createContainer = (
  config: AwsConfig,
  { onWarning, onAwsCall, requestTimeoutSeconds }: ContainerOptions = {},
): Container => {
  const container = new Container({ defaultScope: 'Singleton' });
  const secrets = new Secrets(config.secrets);
  const observer = { onCall: onAwsCall, onIdentity: secrets.add };
  container.bind(SERVICES.secrets).toConstantValue(() => secrets.values);

  container.bind(awsClients).toResolvedValue(() => createAwsClients(config, { requestTimeoutSeconds }));

  container.bind(jobStore).toResolvedValue(
    ({ dynamo }) => {
      const { tableName, summaryIndexName } = config;
      observeCalls(dynamo, observer);
      readLargeResponsesInTurns(dynamo);
      return new DynamoJobStore(dynamo, { tableName, summaryIndexName });
    },
    [awsClients],
  );

  container.bind(objectStore).toResolvedValue(
    ({ s3, presigning: presigningClient }) => {
      const { bucketName, urlTtlSeconds } = config;
      observeCalls(s3, observer);
      return new S3ObjectStore(s3, { bucketName, urlTtlSeconds, presigningClient });
    },
    [awsClients],
  );

  const { tokens, userIdClaim } = config;
  if (tokens) {
    container.bind(jwtAuthenticator).toResolvedValue(() => {
      const onFetchFailed = (error: unknown) => onWarning?.('the token keys could not be fetched', error);
      const keys = new RemoteJwks(tokens.jwksUri, { onFetchFailed, proxyEnv: config.proxyEnv });
      return new JwtAuthenticator(keys, { ...tokens.rules, userIdClaim });
    });
    container.bind(SERVICES.authenticator).toService(jwtAuthenticator);
    container
      .bind(SERVICES.tokenCacheStats)
      .toResolvedValue((authenticator) => () => authenticator.cacheStats, [jwtAuthenticator]);
    container
      .bind(SERVICES.fetchingTokenKeys)
      .toResolvedValue((authenticator) => () => authenticator.fetchingKeys, [jwtAuthenticator]);
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
