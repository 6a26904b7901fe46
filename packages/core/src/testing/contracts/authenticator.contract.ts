import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Authenticator } from '../../ports/authenticator.ts';

/** An adapter, and the issuer of its tokens. */
export interface AuthenticatorHarness {
  readonly authenticator: Authenticator;
  /** The same adapter, if no keys to verify tokens with could ever be fetched. */
  readonly unreachable: Authenticator;
  /** A token that is valid except for its user id. */
  issueToken(userId: string): Promise<string>;
  close(): Promise<void>;
}

/** Tests an adapter against the contract of {@link Authenticator}. */
export const describeAuthenticator = (name: string, start: () => Promise<AuthenticatorHarness>): void => {
  describe(`${name} as an Authenticator`, () => {
    let harness: AuthenticatorHarness;

    beforeAll(async () => {
      harness = await start();
    });

    afterAll(() => harness.close());

    test.each(['alice', '6b8f5d6e-1b1f-4d0c-9d3a-1f2e3d4c5b6a', 'auth0|5f7c8ec7', 'Zoë 雪', 'a'.repeat(128)])(
      'tells that a token proves to be %s',
      async (userId) => {
        const token = await harness.issueToken(userId);
        expect(await harness.authenticator.authenticate(token)).toBe(userId);
        expect(await harness.authenticator.authenticate(token)).toBe(userId);
      },
    );

    test('returns each user for their own token when two are verified at once', async () => {
      const users = Array.from({ length: 20 }, (_, index) => `user-${index % 2}`);
      const tokens = await Promise.all(users.map((user) => harness.issueToken(user)));
      expect(await Promise.all(tokens.map((token) => harness.authenticator.authenticate(token)))).toEqual(users);
    });

    test.each(['', '.', '..', 'a/b', 'a\\b', 'line\nbreak', 'nul\u0000', 'c1\u0085', 'half\ud800', 'a'.repeat(129)])(
      'rejects a token for the user id %j, which is not valid in a key',
      async (userId) => {
        const token = await harness.issueToken(userId);
        await expect(harness.authenticator.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
      },
    );

    test('rejects a missing token', async () => {
      await expect(harness.authenticator.authenticate(undefined)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    });

    test.each(['', ' ', 'nonsense', 'a.b.c', 'null', 'Bearer'])('rejects %j, which is not a token', async (token) => {
      await expect(harness.authenticator.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    });

    test('rejects two tokens in one', async () => {
      const token = await harness.issueToken('alice');
      for (const both of [`${token} ${token}`, `${token},${token}`, `${token}${token}`])
        await expect(harness.authenticator.authenticate(both)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
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
  });
};
