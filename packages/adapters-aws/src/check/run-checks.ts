import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAwsClients } from '../aws-clients.ts';
import type { AwsConfig } from '../config.ts';
import { BUCKET_SUBJECTS, checkBucket } from './bucket.ts';
import { reasonOf } from './explain.ts';
import { check, failed, ok, skipped, type Finding, type CheckOutcome } from './finding.ts';
import { checkTable, TABLE_SUBJECTS } from './table.ts';
import { checkTokenKeys } from './token-keys.ts';

/**
 * Tries everything that the service needs from outside, one call after the other, and changes nothing. Also reads
 * settings of the table and the bucket, and warns if it has no right to do so.
 */
export async function* runChecks(config: AwsConfig): AsyncIterable<Finding> {
  const { dynamo, s3 } = createAwsClients(config);
  try {
    const credentials = await check(
      'credentials',
      () => findCredentials(dynamo),
      (error) =>
        failed(
          `${reasonOf(error)}. Set AWS_REGION, and give the process a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`,
        ),
    );
    yield credentials;
    if (credentials.verdict === 'failed') {
      for (const subject of [...TABLE_SUBJECTS, ...BUCKET_SUBJECTS]) yield skipped(subject, 'there are no credentials');
    } else {
      yield* checkTable(dynamo, config);
      yield* checkBucket(s3, config);
    }
    yield await checkTokenKeys(config);
  } finally {
    dynamo.destroy();
    s3.destroy();
  }
}

const findCredentials = async ({ config }: DynamoDBClient): Promise<CheckOutcome> => {
  const region = await config.region();
  const { expiration } = await config.credentials();
  const end = expiration ? `, to be renewed before ${expiration.toISOString()}` : '';
  return ok(`Found, for the region ${region}${end}. The next lines say whether AWS accepts them.`);
};
