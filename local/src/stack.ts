import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { startLocalDynamo } from './dynamodb.ts';
import { JobsBucket } from './jobs-bucket.ts';
import { JobsTable, type TableDefinition } from './jobs-table.ts';
import { startLocalS3 } from './s3/server.ts';
import { startTokenIssuer, type TokenIssuer } from './token-issuer.ts';

export interface LocalStack {
  readonly table: JobsTable;
  readonly bucket: JobsBucket;
  readonly tokenIssuer: TokenIssuer;
  /** Environment variables with which a service uses this stack. */
  readonly env: {
    readonly AWS_ENDPOINT_URL_DYNAMODB: string;
    readonly AWS_ENDPOINT_URL_S3: string;
    readonly [name: string]: string;
  };
  /** Whether the folder was empty. */
  readonly isNew: boolean;
  close(): Promise<void>;
}

const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local-secret' };
const BUCKET_NAME = 'jobs-files';

export interface LocalStackOptions {
  /** Table of jobs. Its first index, if it has one, is the one that lists query. */
  readonly table: TableDefinition;
  /** Folder that keeps everything for the next start. Default: nothing is kept. */
  readonly directory?: string;
  /** Origin whose pages may read files, or `*`. */
  readonly corsOrigin?: string;
}

/** Starts DynamoDB with the table, S3 with the bucket, and a token issuer, on free ports of 127.0.0.1. */
export const startLocalStack = async ({
  table: definition,
  directory,
  ...s3Options
}: LocalStackOptions): Promise<LocalStack> => {
  const keptIn = (name: string) => (directory === undefined ? {} : { directory: join(directory, name) });
  const [dynamo, s3, tokenIssuer] = await Promise.all([
    startLocalDynamo(keptIn('dynamodb')),
    startLocalS3({ credentials: CREDENTIALS, region: REGION, ...s3Options, ...keptIn('s3') }),
    startTokenIssuer(keptIn('tokens')),
  ]);
  const settings = { region: REGION, credentials: CREDENTIALS };
  const table = new JobsTable(new DynamoDBClient({ ...settings, endpoint: dynamo.endpoint }), definition);
  const bucket = new JobsBucket(
    new S3Client({ ...settings, endpoint: s3.endpoint, forcePathStyle: true }),
    BUCKET_NAME,
  );
  await bucket.create();
  const summaryIndex = definition.GlobalSecondaryIndexes?.[0]?.IndexName;
  return {
    table,
    bucket,
    tokenIssuer,
    isNew: await table.create(),
    env: {
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      JOBS_TABLE: table.tableName,
      ...(summaryIndex !== undefined && { JOBS_SUMMARY_INDEX: summaryIndex }),
      JOBS_BUCKET: BUCKET_NAME,
      S3_FORCE_PATH_STYLE: 'true',
      JWT_ISSUER: tokenIssuer.issuer,
      JWT_AUDIENCE: tokenIssuer.audience,
      JWT_JWKS_URI: tokenIssuer.jwksUri,
    },
    close: async () => {
      table.client.destroy();
      bucket.client.destroy();
      await Promise.all([dynamo.close(), s3.close(), tokenIssuer.close()]);
    },
  };
};
