import { awsVariables, misspelledVariables, readAwsConfig, type AwsConfig } from '@jobs-api/adapters-aws';
import { httpVariables, readHttpConfig, type HttpConfig } from '@jobs-api/http-express';
import * as v from 'valibot';

const LAMBDA_AUTH = v.optional(v.picklist(['jwt', 'gateway'], 'must be jwt or gateway'), 'jwt');

export interface LambdaConfig {
  readonly aws: AwsConfig;
  readonly http: HttpConfig;
  readonly auth: 'jwt' | 'gateway';
  /** A sentence for each variable that may be misspelled. */
  readonly warnings: readonly string[];
}

/** @throws an error that lists all problems, one per line */
export const readConfig = (env: Readonly<Record<string, string | undefined>>): LambdaConfig => {
  const lambda = v.safeParse(LAMBDA_AUTH, env.LAMBDA_AUTH === '' ? undefined : env.LAMBDA_AUTH);
  const auth = lambda.success ? lambda.output : 'jwt';
  const aws = readAwsConfig(env, { tokens: auth === 'jwt' });
  const http = readHttpConfig(env);
  const warnings = misspelledVariables(env, [...awsVariables, ...httpVariables, 'LAMBDA_AUTH']);
  if (lambda.success && aws.config && http.config) return { aws: aws.config, http: http.config, auth, warnings };
  const own = lambda.issues?.map(({ message }) => `LAMBDA_AUTH ${message}`) ?? [];
  throw new Error([...own, ...(aws.problems ?? []), ...(http.problems ?? []), ...warnings].join('\n'));
};
