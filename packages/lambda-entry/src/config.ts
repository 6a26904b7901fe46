import { readAwsConfig } from '@jobs-api/adapters-aws';
import type { AwsConfig } from '@jobs-api/adapters-aws';
import { readHttpConfig } from '@jobs-api/http-express';
import type { HttpConfig } from '@jobs-api/http-express';
import * as v from 'valibot';

const LAMBDA_AUTH = v.optional(v.picklist(['jwt', 'gateway'], 'must be jwt or gateway'), 'jwt');

/** @throws an error that lists all problems, one per line */
export const readConfig = (
  env: Readonly<Record<string, string | undefined>>,
): { aws: AwsConfig; http: HttpConfig; auth: 'jwt' | 'gateway' } => {
  const lambda = v.safeParse(LAMBDA_AUTH, env.LAMBDA_AUTH === '' ? undefined : env.LAMBDA_AUTH);
  const auth = lambda.success ? lambda.output : 'jwt';
  const aws = readAwsConfig(env, { tokens: auth === 'jwt' });
  const http = readHttpConfig(env);
  if (lambda.success && aws.config && http.config) return { aws: aws.config, http: http.config, auth };
  const own = lambda.issues?.map(({ message }) => `LAMBDA_AUTH ${message}`) ?? [];
  throw new Error([...own, ...(aws.problems ?? []), ...(http.problems ?? [])].join('\n'));
};
