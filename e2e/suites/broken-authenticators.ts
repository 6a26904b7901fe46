// Runs the suite on authenticators that each break one promise of their port. broken-adapters.test.ts runs this file in a
// Jest of its own, and expects the checks to fail.
import { Unauthorized, Unavailable, type CallOptions, type UserId } from '@jobs-api/core';
import { MemoryAuthenticator } from '@jobs-api/core/testing';
import { describeAuthenticator } from '@jobs-api/core/testing/contracts';

const down = new Unavailable('the connection was refused');

const suite = (name: string, AuthenticatorClass: typeof MemoryAuthenticator): void =>
  describeAuthenticator(name, async () => {
    const authenticator = new AuthenticatorClass();
    const [unreachable, stalled] = [new AuthenticatorClass(), new AuthenticatorClass()];
    unreachable.failure = down;
    stalled.stall();
    return {
      authenticator,
      unreachable,
      stalled,
      issueToken: async (userId) => authenticator.issueToken(userId),
      // No authenticator knows a token with a mark, except the one that ignores the mark.
      issueExpiredToken: async (userId) => `expired-${authenticator.issueToken(userId)}`,
      issueTokenForOthers: async (userId) => `others-${authenticator.issueToken(userId)}`,
      close: async () => undefined,
    };
  });

/** Makes an authenticator that changes each token before it verifies it. */
const changing = (change: (token: string) => string): typeof MemoryAuthenticator =>
  class extends MemoryAuthenticator {
    override async authenticate(token: string | undefined, options?: CallOptions) {
      return super.authenticate(token && change(token), options);
    }
  };

suite('an authenticator that keeps every promise', MemoryAuthenticator);

suite(
  'an authenticator that ignores the end of a token',
  changing((token) => token.replace(/^expired-/, '')),
);

suite(
  'an authenticator that ignores the audience',
  changing((token) => token.replace(/^others-/, '')),
);

suite(
  'an authenticator that does not verify all of a token',
  changing((token) => token.replace(/^tok..-/, 'token-')),
);

suite(
  'an authenticator that takes the first of two tokens',
  changing((token) => token.replace(/[ ,].*/, '')),
);

suite(
  'an authenticator that checks the signal only at the start',
  class extends MemoryAuthenticator {
    override async authenticate(token: string | undefined, { signal }: CallOptions = {}) {
      signal?.throwIfAborted();
      return super.authenticate(token);
    }
  },
);

suite(
  'an authenticator that rejects a good token if it has no keys',
  class extends MemoryAuthenticator {
    override async authenticate(token: string | undefined, options?: CallOptions) {
      return super.authenticate(token, options).catch((error: unknown) => {
        throw error === down ? new Unauthorized('no key') : error;
      });
    }
  },
);

suite(
  'an authenticator that needs keys to reject a missing token',
  class extends MemoryAuthenticator {
    override async authenticate(token: string | undefined, options?: CallOptions) {
      if (this.failure) throw this.failure;
      return super.authenticate(token, options);
    }
  },
);

suite(
  'an authenticator that returns any user id',
  class extends MemoryAuthenticator {
    readonly #users = new Map<string, string>();

    override issueToken(userId: string) {
      const token = super.issueToken(userId);
      this.#users.set(token, userId);
      return token;
    }

    override async authenticate(token: string | undefined, options?: CallOptions) {
      const userId = this.#users.get(token ?? '');
      return userId === undefined ? super.authenticate(token, options) : (userId as UserId);
    }
  },
);

suite(
  'an authenticator that mixes up callers',
  class extends MemoryAuthenticator {
    #last: UserId | undefined;

    override async authenticate(token: string | undefined, options?: CallOptions) {
      this.#last = await super.authenticate(token, options);
      await Promise.resolve();
      return this.#last;
    }
  },
);
