import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { parseJobId, parseUserId } from '@jobs-api/core';
import { requestLimits } from './call-aws.ts';
import { RemoteJwks } from './jwt/jwks.ts';
import type { AwsConfig } from './config.ts';
import { DynamoJobStore } from './dynamodb/dynamo-job-store.ts';
import { S3ObjectStore } from './s3/s3-object-store.ts';
import { untilAborted } from './until-aborted.ts';

/** What was found out about one thing that the service needs. */
export interface Finding {
  readonly subject: string;
  /** `warning`: the service works, and somebody should know. `skipped`: cannot be looked at before something else is right. */
  readonly verdict: 'ok' | 'warning' | 'failed' | 'skipped';
  /** In words, with what to do; one sentence or more, one line. */
  readonly text: string;
}

type Outcome = Omit<Finding, 'subject'>;

/** How long one look may take. */
const TIMEOUT_MS = 10_000;

const ok = (text: string): Outcome => ({ verdict: 'ok', text });
const warning = (text: string): Outcome => ({ verdict: 'warning', text });
const failed = (text: string): Outcome => ({ verdict: 'failed', text });

/** Runs one look within its time; what it throws is told by `explain`. */
const look = async (
  subject: string,
  run: (signal: AbortSignal) => Promise<Outcome>,
  explain: (error: unknown) => Outcome = (error) => failed(reasonOf(error)),
): Promise<Finding> => {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return { subject, ...(await untilAborted(run(signal), signal)) };
  } catch (error) {
    const late = failed(
      `No answer within ${TIMEOUT_MS / 1000} s. Is the address right, and does a firewall let it pass?`,
    );
    return { subject, ...(signal.aborted ? late : explain(error)) };
  }
};

const skipped = (subject: string, missing: string): Finding => ({
  subject,
  verdict: 'skipped',
  text: `Not looked at, because ${missing}.`,
});

/** The message at the bottom of the causes, which says what really happened. */
const reasonOf = (error: unknown): string => {
  const { name, message, code, cause, errors } = error as Error & { code?: string; errors?: unknown[] };
  const inner = cause ?? errors?.[0];
  if (inner instanceof Error && inner !== error) return reasonOf(inner);
  return [name === 'Error' ? undefined : name, message || code].filter(Boolean).join(': ');
};

const isNamed = (error: unknown, ...names: string[]): boolean => {
  const { name, cause } = error as Error;
  return names.includes(name) || (cause instanceof Error && isNamed(cause, ...names));
};

const isRefused = (error: unknown): boolean =>
  isNamed(error, 'AccessDenied', 'AccessDeniedException', '403', 'Forbidden') ||
  (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 403);

const refused = (permission: string, on: string): string => `AWS refuses: allow ${permission} on ${on}.`;

/**
 * Looks at everything outside that the service needs, changes nothing, and says what it finds, one after the other.
 * Besides what the service may do, it asks for `s3:GetBucketVersioning` and `s3:GetLifecycleConfiguration`; without them
 * it warns.
 */
export async function* diagnose(config: AwsConfig): AsyncIterable<Finding> {
  const dynamo = new DynamoDBClient({ requestHandler: requestLimits });
  const s3 = new S3Client({ requestHandler: requestLimits, forcePathStyle: config.forcePathStyle });
  try {
    const credentials = await look(
      'credentials',
      () => findCredentials(dynamo),
      (error) =>
        failed(`${reasonOf(error)} Set AWS_REGION, and give the process a role or AWS_ACCESS_KEY_ID and its like.`),
    );
    yield credentials;
    if (credentials.verdict === 'failed') {
      for (const subject of ['table', 'index projection', 'bucket', 'versioning', 'lifecycle'])
        yield skipped(subject, 'there are no credentials');
    } else {
      yield* diagnoseTable(dynamo, config);
      yield* diagnoseBucket(s3, config);
    }
    yield await diagnoseTokenKeys(config);
  } finally {
    dynamo.destroy();
    s3.destroy();
  }
}

const findCredentials = async ({ config }: DynamoDBClient): Promise<Outcome> => {
  const region = await config.region();
  const { expiration } = await config.credentials();
  const end = expiration ? `, to be renewed before ${expiration.toISOString()}` : '';
  return ok(`Found, for ${region}${end}. Whether AWS takes them, the next lines say.`);
};

/** Has no jobs: no issuer gives out such a user id. */
const NOBODY = parseUserId('jobs-api --check');

async function* diagnoseTable(client: DynamoDBClient, config: AwsConfig): AsyncIterable<Finding> {
  const { tableName, summaryIndexName } = config;
  const store = new DynamoJobStore(client, { tableName, summaryIndexName });
  let indexProblems: readonly string[] = [];
  const table = await look(
    'table',
    async (signal) => {
      const problems = await store.problems({ signal });
      indexProblems = problems.index;
      if (problems.table.length > 0) return failed(`${tableName}: ${problems.table.join('; ')}.`);
      await store.find(NOBODY, parseJobId(1), { signal });
      return ok(`${tableName} is there, and can be read.`);
    },
    (error) => {
      if (isNamed(error, 'ResourceNotFoundException'))
        return failed(`There is no table ${tableName} in this account and region. Create it, or correct JOBS_TABLE.`);
      if (isRefused(error))
        return failed(refused('dynamodb:DescribeTable and dynamodb:GetItem', `the table ${tableName}`));
      return failed(`${tableName}: ${reasonOf(error)}`);
    },
  );
  yield table;

  const subject = 'index projection';
  if (summaryIndexName === undefined) {
    const text = 'JOBS_SUMMARY_INDEX is not set: a list reads whole jobs out of the table, which costs more.';
    yield { subject, verdict: 'warning', text };
  } else if (table.verdict === 'failed') {
    yield skipped(subject, 'the table is not right');
  } else {
    yield await look(
      subject,
      async (signal) => {
        if (indexProblems.length > 0)
          return failed(`Of ${tableName}, ${indexProblems.join('; ')}. Make an index as jobs-table.ts describes it.`);
        await store.list(NOBODY, { sizeHint: 1 }, { signal })[Symbol.asyncIterator]().next();
        return ok(`${summaryIndexName} has all that a list shows, and can be read.`);
      },
      (error) =>
        failed(
          isRefused(error)
            ? refused('dynamodb:Query', `the index ${summaryIndexName} of ${tableName}`)
            : `${summaryIndexName}: ${reasonOf(error)}`,
        ),
    );
  }
}

async function* diagnoseBucket(client: S3Client, config: AwsConfig): AsyncIterable<Finding> {
  const { bucketName, urlTtlSeconds } = config;
  const Bucket = bucketName;
  const bucket = await look(
    'bucket',
    async (signal) => {
      await new S3ObjectStore(client, { bucketName, urlTtlSeconds }).check({ signal });
      return ok(`${bucketName} is there.`);
    },
    (error) => {
      if (isNamed(error, 'NotFound', 'NoSuchBucket', '404'))
        return failed(`There is no bucket ${bucketName}. Create it, or correct JOBS_BUCKET.`);
      if (isRefused(error))
        return failed(
          `${refused('s3:ListBucket', `the bucket ${bucketName}`)} Or it is somebody else's: see JOBS_BUCKET.`,
        );
      return failed(`${bucketName}: ${reasonOf(error)}`);
    },
  );
  yield bucket;
  if (bucket.verdict === 'failed') {
    yield skipped('versioning', 'the bucket is not right');
    yield skipped('lifecycle', 'the bucket is not right');
    return;
  }

  let isVersioned = false;
  yield await look(
    'versioning',
    async (abortSignal) => {
      const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket }), { abortSignal });
      // Versions stay when versioning is suspended.
      isVersioned = Status !== undefined;
      if (Status === 'Enabled') return ok('On: what is overwritten or deleted by mistake can be brought back.');
      return warning('Off: what another program overwrites or deletes by mistake is lost. Turn it on.');
    },
    (error) => explainSetting(error, 's3:GetBucketVersioning', bucketName),
  );
  yield await look(
    'lifecycle',
    async (abortSignal) => {
      const { Rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), { abortSignal });
      return judgeLifecycle(Rules, isVersioned);
    },
    (error) =>
      isNamed(error, 'NoSuchLifecycleConfiguration')
        ? judgeLifecycle([], isVersioned)
        : explainSetting(error, 's3:GetLifecycleConfiguration', bucketName),
  );
}

/** The service does without these rights, so that it is no failure to lack them. */
const explainSetting = (error: unknown, permission: string, bucketName: string): Outcome =>
  isRefused(error)
    ? warning(`Cannot be looked at. ${refused(permission, `the bucket ${bucketName}`)}`)
    : failed(reasonOf(error));

const judgeLifecycle = (rules: readonly LifecycleRule[], isVersioned: boolean): Outcome => {
  const enabled = rules.filter(({ Status }) => Status === 'Enabled');
  const problems: string[] = [];
  const expiring = enabled.filter(({ Expiration }) => Expiration?.Days !== undefined || Expiration?.Date !== undefined);
  if (expiring.length > 0)
    problems.push(`The rule ${expiring.map(({ ID }) => ID).join(', ')} deletes files whose jobs are still listed.`);
  if (!enabled.some(({ AbortIncompleteMultipartUpload }) => AbortIncompleteMultipartUpload))
    problems.push('Uploads that were given up are kept, and paid for: add AbortIncompleteMultipartUpload.');
  if (isVersioned && !enabled.some(({ NoncurrentVersionExpiration }) => NoncurrentVersionExpiration))
    problems.push('Older versions are kept, and paid for: add NoncurrentVersionExpiration.');
  return problems.length > 0 ? warning(problems.join(' ')) : ok('What nobody sees any more is removed.');
};

const diagnoseTokenKeys = async ({ tokens }: AwsConfig): Promise<Finding> => {
  const subject = 'token keys';
  if (!tokens) return skipped(subject, 'somebody else verifies tokens');
  const { jwksUri } = tokens;
  return look(
    subject,
    async (signal) => {
      await new RemoteJwks(jwksUri).check({ signal });
      return ok(`${jwksUri} has keys that may sign tokens.`);
    },
    (error) => failed(`${jwksUri}: ${reasonOf(error)}`),
  );
};
