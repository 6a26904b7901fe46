import { readAwsConfig } from '@jobs-api/adapters-aws';
import type { AwsConfig } from '@jobs-api/adapters-aws';
import { readHttpConfig } from '@jobs-api/http-express';
import type { HttpConfig } from '@jobs-api/http-express';
import * as z from 'zod';

const variables = z.object({
  LAMBDA_AUTH: z.enum(['jwt', 'gateway'], 'must be jwt or gateway').default('jwt'),
});

/** @throws an error that names everything that is missing or wrong, a line each */
export const readConfig = (
  env: Readonly<Record<string, string | undefined>>,
): { aws: AwsConfig; http: HttpConfig; auth: 'jwt' | 'gateway' } => {
  const lambda = variables.safeParse(env.LAMBDA_AUTH ? env : {});
  const auth = lambda.data?.LAMBDA_AUTH ?? 'jwt';
  const aws = readAwsConfig(env, { tokens: auth === 'jwt' });
  const http = readHttpConfig(env);
  if (lambda.success && aws.config && http.config) return { aws: aws.config, http: http.config, auth };
  const own = lambda.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];
  throw new Error([...own, ...(aws.problems ?? []), ...(http.problems ?? [])].join('\n'));
};
