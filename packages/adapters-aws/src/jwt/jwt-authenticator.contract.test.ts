import { describeAuthenticator } from '@jobs-api/core/testing/contracts';
import { startTokenIssuer } from '@jobs-api/local';
import { refusingOrigin, startGate } from '@jobs-api/local/loopback';
import { RemoteJwks } from './jwks.ts';
import { JwtAuthenticator } from './jwt-authenticator.ts';

describeAuthenticator('JwtAuthenticator', async () => {
  const issuer = await startTokenIssuer();
  const rules = { mode: 'oidc', issuer: issuer.issuer, audience: [issuer.audience], userIdClaim: 'sub' } as const;
  const gate = await startGate(issuer.jwksUri);
  gate.shut();
  const authenticatorWith = (jwksUri: string) => new JwtAuthenticator(new RemoteJwks(jwksUri), rules);
  return {
    authenticator: authenticatorWith(issuer.jwksUri),
    unreachable: authenticatorWith(await refusingOrigin()),
    stalled: authenticatorWith(gate.endpoint),
    issueToken: (userId) => issuer.issueToken(userId),
    issueExpiredToken: (userId) => issuer.issueToken(userId, { exp: Math.floor(Date.now() / 1000) - 3600 }),
    issueTokenForOthers: (userId) => issuer.issueToken(userId, { aud: 'another service' }),
    close: async () => {
      await Promise.all([gate.close(), issuer.close()]);
    },
  };
});
