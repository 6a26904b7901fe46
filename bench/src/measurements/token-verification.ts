import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { JwtAuthenticator, RemoteJwks } from '@jobs-api/adapters-aws';
import { startTokenIssuer } from '@jobs-api/local';
import { JwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import { interleave, ratio, cpuTime, type Measurement } from '../measurement.ts';

export const tokenVerification: Measurement = {
  number: 6,
  name: 'token-verification',
  title: 'Verification of a token',
  run: async (bench) => {
    const tokenIssuer = await startTokenIssuer();
    const { issuer, audience, jwksUri } = tokenIssuer;
    const count = bench.size(1_000, 20);
    const tokens = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        tokenIssuer.issueToken(`user-${index}`, { email: 'alice@example.com' }),
      ),
    );
    const jwks = new RemoteJwks(jwksUri);
    const newAuthenticator = () =>
      new JwtAuthenticator(jwks, { mode: 'oidc', issuer, audience: [audience], userIdClaim: 'sub' });
    const fetcher = { fetch: (uri: string) => fetch(uri).then((response) => response.arrayBuffer()) };
    const library = JwtVerifier.create({ issuer, audience, jwksUri }, { jwksCache: new SimpleJwksCache({ fetcher }) });
    const { keys } = (await (await fetch(jwksUri)).json()) as { keys: [JsonWebKey] };
    const publicKey = createPublicKey({ key: keys[0], format: 'jwk' });

    const [token] = tokens as [string];
    const warm = newAuthenticator();
    await Promise.all([warm.authenticate(token), library.verify(token)]);
    await tokenIssuer.close();

    /** Returns the CPU time of one call, in microseconds. */
    const each = async (call: (token: string) => unknown, given = tokens) =>
      ((await cpuTime(async () => {
        for (const one of given) await call(one);
      })) *
        1_000) /
      given.length;
    const repeated = Array.from({ length: count }, () => token);
    const bare = (one: string) => {
      const [header = '', payload = '', signature = ''] = one.split('.');
      JSON.parse(Buffer.from(payload, 'base64url').toString());
      return verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url'));
    };
    const subjects = {
      library: () => each((one) => library.verify(one), repeated),
      again: () => each((one) => warm.authenticate(one), repeated),
      first: () => {
        const authenticator = newAuthenticator();
        return each((one) => authenticator.authenticate(one));
      },
      bare: () => each(bare),
    };
    await interleave(bench.rounds(3), subjects);
    const us = await interleave(bench.rounds(30), subjects);

    const unit = 'µs of CPU';
    return {
      series: [
        { subject: '`verify()` of aws-jwt-verify', unit, samples: us.library },
        { subject: 'ours, a repeated token', unit, samples: us.again },
        { subject: 'ours, a new token', unit, samples: us.first },
        { subject: 'bare `crypto.verify` and `JSON.parse`', unit, samples: us.bare },
      ],
      goals: [
        { what: 'times as fast, repeated token', unit: 'times', samples: ratio(us.library, us.again), atLeast: 15 },
        { what: 'of bare, new token', unit: 'times', samples: ratio(us.first, us.bare), atMost: 1.6 },
      ],
      notes: ['`verify()` has no cache: it takes as long for a repeated token.'],
    };
  },
};
