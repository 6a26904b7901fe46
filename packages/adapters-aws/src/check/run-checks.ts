import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAwsClients } from '../aws-clients.ts';
import type { AwsConfig } from '../config.ts';
import { checkBucket } from './bucket.ts';
import { failed, look, ok, reasonOf, skipped } from './finding.ts';
import type { Finding, Outcome } from './finding.ts';
import { checkTable } from './table.ts';
import { checkTokenKeys } from './token-keys.ts';

/**
 * Looks at everything outside that the service needs, changes nothing, and says what it finds, one after the other.
 * Besides what the service may do, it asks for `s3:GetBucketVersioning` and `s3:GetLifecycleConfiguration`; without them
 * it warns.
 */
export async function* runChecks(config: AwsConfig): AsyncIterable<Finding> {
  const { dynamo, s3 } = createAwsClients(config);
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
      yield* checkTable(dynamo, config);
      yield* checkBucket(s3, config);
    }
    yield await checkTokenKeys(config);
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
