import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Authenticator } from '../../ports/authenticator.ts';
import { abortWhileStalled, listUnchecked, otherCharacter } from './checks.ts';

/**
 * Connects the suite to an adapter, and to the issuer of its tokens. Members that may be missing make further checks
 * possible; the checks that are not made without them are listed at the end of the run.
 */
export interface AuthenticatorHarness {
  readonly authenticator: Authenticator;
  /** The same adapter, if no keys to verify tokens have ever been fetched. */
  readonly unreachable: Authenticator;
  /** A token that is valid except for its user id. */
  issueToken(userId: string): Promise<string>;
  /** A token that has expired, or was withdrawn, and is valid otherwise. */
  readonly issueExpiredToken?: (userId: string) => Promise<string>;
  /** A token that the same issuer has issued for another audience, and that is valid otherwise. */
  readonly issueTokenForOthers?: (userId: string) => Promise<string>;
  /** The same adapter, while its source of keys or tokens does not respond. */
  readonly stalled?: Authenticator;
  close(): Promise<void>;
}

/** Tests an adapter against the contract of {@link Authenticator}. */
export const describeAuthenticator = (name: string, start: () => Promise<AuthenticatorHarness>): void => {
  describe(`${name} as an Authenticator`, () => {
    let harness: AuthenticatorHarness;
    const notChecked = listUnchecked(`${name} as an Authenticator`, [
      'a token proves the same user id as long as it is valid',
    ]);

    const expectUnauthorized = (token: string | undefined) =>
      expect(harness.authenticator.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });

    beforeAll(async () => {
      harness = await start();
    });

    afterAll(() => harness.close());

    test.each(['alice', '6b8f5d6e-1b1f-4d0c-9d3a-1f2e3d4c5b6a', 'auth0|5f7c8ec7', 'Zoë 雪', 'a'.repeat(128)])(
      'returns %s for a token of that user',
      async (userId) => {
        const token = await harness.issueToken(userId);
        expect(await harness.authenticator.authenticate(token)).toBe(userId);
        expect(await harness.authenticator.authenticate(token)).toBe(userId);
      },
    );

    test('returns each user for their own token when two are verified at once', async () => {
      const users = Array.from({ length: 20 }, (_, index) => `user-${index % 2}`);
      const tokens = await Promise.all(users.map((userId) => harness.issueToken(userId)));
      expect(await Promise.all(tokens.map((token) => harness.authenticator.authenticate(token)))).toEqual(users);
    });

    test.each(['', '.', '..', 'a/b', 'a\\b', 'line\nbreak', 'nul\u0000', 'c1\u0085', 'half\ud800', 'a'.repeat(129)])(
      'rejects a token for the user id %j, which is not valid in a key',
      async (userId) => {
        await expectUnauthorized(await harness.issueToken(userId));
      },
    );

    test('rejects a missing token', async () => {
      await expectUnauthorized(undefined);
    });

    test.each(['', ' ', 'nonsense', 'a.b.c', 'null', 'Bearer'])('rejects %j, which is not a token', async (token) => {
      await expectUnauthorized(token);
    });

    test('rejects a token that was changed', async () => {
      const parts = (await harness.issueToken('alice')).split('.');
      for (const [index, part] of parts.entries()) {
        const middle = Math.floor(part.length / 2);
        const changed = part.slice(0, middle) + otherCharacter(part.charAt(middle)) + part.slice(middle + 1);
        await expectUnauthorized(parts.with(index, changed).join('.'));
      }
    });

    test('rejects a token that has expired', async () => {
      const { issueExpiredToken } = harness;
      if (issueExpiredToken) await expectUnauthorized(await issueExpiredToken('alice'));
      else notChecked('an expired token is rejected: the harness has no issueExpiredToken');
    });

    test('rejects a token for another audience', async () => {
      const { issueTokenForOthers } = harness;
      if (issueTokenForOthers) await expectUnauthorized(await issueTokenForOthers('alice'));
      else notChecked('a token for another audience is rejected: the harness has no issueTokenForOthers');
    });

    test('rejects two tokens in one', async () => {
      const token = await harness.issueToken('alice');
      for (const both of [`${token} ${token}`, `${token},${token}`, `${token}${token}`]) await expectUnauthorized(both);
    });

    test('is unavailable if no keys have been fetched to verify a well-formed token', async () => {
      const token = await harness.issueToken('alice');
      await expect(harness.unreachable.authenticate(token)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });

    test('rejects a missing token even then', async () => {
      await expect(harness.unreachable.authenticate(undefined)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    });

    test('rejects with the reason of an aborted signal', async () => {
      const reason = new Error('enough');
      const token = await harness.issueToken('alice');
      const signal = AbortSignal.abort(reason);
      await expect(harness.authenticator.authenticate(token, { signal })).rejects.toBe(reason);
    });

    test('rejects with the reason as soon as its signal aborts, while keys do not arrive', async () => {
      const { stalled } = harness;
      if (!stalled) {
        notChecked('authenticate ends when its signal aborts during the call: the harness has no stalled adapter');
        return;
      }
      const reason = new Error('enough');
      const token = await harness.issueToken('alice');
      const stall = async () => async () => undefined;
      expect(await abortWhileStalled(stall, (signal) => stalled.authenticate(token, { signal }), reason)).toBe(reason);
    });
  });
};
