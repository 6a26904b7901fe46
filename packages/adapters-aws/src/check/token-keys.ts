import type { AwsConfig } from '../config.ts';
import { RemoteJwks } from '../jwt/jwks.ts';
import { withoutUserInfo } from '../secrets.ts';
import { failed, look, ok, reasonOf, skipped } from './finding.ts';
import type { Finding } from './finding.ts';

export const checkTokenKeys = async ({ tokens }: AwsConfig): Promise<Finding> => {
  const subject = 'token keys';
  if (!tokens) return skipped(subject, 'somebody else verifies tokens');
  const { jwksUri } = tokens;
  const address = withoutUserInfo(jwksUri);
  return look(
    subject,
    async (signal) => {
      await new RemoteJwks(jwksUri).check({ signal });
      return ok(`${address} has keys that may sign tokens.`);
    },
    (error) => failed(`${address}: ${reasonOf(error)}`),
  );
};
