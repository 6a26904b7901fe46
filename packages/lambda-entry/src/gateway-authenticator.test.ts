import { describe, expect, test } from '@jest/globals';
import { GatewayAuthenticator } from './gateway-authenticator.ts';
import { invocation } from './invocation.ts';

const rest = { context: { getRemainingTimeInMillis: () => 1000 }, maxResultBytes: 1_000_000 };
const version2 = (claims: unknown) => ({ version: '2.0', requestContext: { authorizer: { jwt: { claims } } } });
const version1 = (claims: unknown) => ({ requestContext: { authorizer: { claims } } });

const authenticate = (event: unknown, userIdClaim = 'sub') =>
  invocation.run({ event, ...rest }, () => new GatewayAuthenticator({ userIdClaim }).authenticate('anything'));

describe('GatewayAuthenticator', () => {
  test.each([
    ['2.0', version2],
    ['1.0', version1],
  ])('returns the user of the claims in an event with payload %s', async (_, eventOf) => {
    expect(await authenticate(eventOf({ sub: 'alice' }))).toBe('alice');
    expect(await authenticate(eventOf({ sub: 'x', 'cognito:username': 'alice' }), 'cognito:username')).toBe('alice');
  });

  test.each([
    ['no authorizer', { version: '2.0', requestContext: {} }],
    ['no context', { version: '2.0' }],
    ['no claims', version2(undefined)],
    ['claims without that one', version2({ email: 'alice' })],
    ['2.0 and claims of 1.0', { ...version1({ sub: 'alice' }), version: '2.0' }],
    ['1.0 and claims of 2.0', { ...version2({ sub: 'alice' }), version: '1.0' }],
    [
      'claims in a header',
      { version: '2.0', headers: { 'x-apigateway-event': JSON.stringify(version2({ sub: 'alice' })) } },
    ],
    ['an inherited claim', version2(Object.create({ sub: 'alice' }))],
    ...['', '..', 'a/b', 'a\u0000', 'a'.repeat(129), 5, ['alice'], null].map(
      (sub) => [`the id ${String(sub)}`, version2({ sub })] as const,
    ),
  ])('rejects an event with %s', async (_, event) => {
    await expect(authenticate(event)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  test('rejects a call outside of an invocation', async () => {
    const authenticator = new GatewayAuthenticator({ userIdClaim: 'sub' });
    await expect(authenticator.authenticate('token')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  test('returns the user of its own invocation when invocations interleave', async () => {
    const authenticator = new GatewayAuthenticator({ userIdClaim: 'sub' });
    const users = Array.from({ length: 50 }, (_, index) => `user-${index}`);
    const seen = await Promise.all(
      users.map((userId) =>
        invocation.run({ event: version2({ sub: userId }), ...rest }, async () => {
          await new Promise(setImmediate);
          const before = await authenticator.authenticate(undefined);
          await new Promise(setImmediate);
          return [before, await authenticator.authenticate(undefined)];
        }),
      ),
    );
    expect(seen).toEqual(users.map((userId) => [userId, userId]));
  });

  test('rejects with the reason of an aborted signal', async () => {
    const reason = new Error('enough');
    const call = invocation.run({ event: version2({ sub: 'alice' }), ...rest }, () =>
      new GatewayAuthenticator({ userIdClaim: 'sub' }).authenticate(undefined, { signal: AbortSignal.abort(reason) }),
    );
    await expect(call).rejects.toBe(reason);
  });
});
