import type { AwsConfig } from '../config.ts';
import { RemoteJwks } from '../jwt/jwks.ts';
import { withoutUserInfo } from '../secrets.ts';
import { reasonOf } from './explain.ts';
import { check, failed, ok, skipped, type Finding } from './finding.ts';

export const checkTokenKeys = async ({ tokens, proxyEnv }: AwsConfig): Promise<Finding> => {
  const subject = 'token keys';
  if (!tokens) return skipped(subject, 'tokens are verified elsewhere');
  const { jwksUri } = tokens;
  const address = withoutUserInfo(jwksUri);
  return check(
    subject,
    async (signal) => {
      await new RemoteJwks(jwksUri, { proxyEnv }).check({ signal });
      return ok(`${address} has keys that may sign tokens.`);
    },
    (error) => failed(`${address}: ${reasonOf(error)}. Correct COGNITO_USER_POOL_ID or JWT_JWKS_URI.`),
  );
};
