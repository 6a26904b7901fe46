import { Unauthorized } from '../errors.ts';
import { parseUserId, type UserId } from '../identifiers.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { CallOptions } from '../ports/call-options.ts';
import { untilAborted } from '../until-aborted.ts';

/** An {@link Authenticator} that accepts the tokens that it has issued itself. */
export class MemoryAuthenticator implements Authenticator {
  /** While set, `authenticate` rejects with it. */
  failure: Error | undefined;
  readonly #users = new Map<string, string>();
  #stalled: Promise<void> | undefined;

  /** Returns a token of `userId`, which need not be well-formed. */
  issueToken(userId: string): string {
    const token = `token-${this.#users.size + 1}`;
    this.#users.set(token, userId);
    return token;
  }

  /** Makes every call wait, until the function that is returned is called. */
  stall(): () => void {
    let release: () => void = () => undefined;
    this.#stalled = new Promise((resolve) => (release = resolve));
    return () => {
      this.#stalled = undefined;
      release();
    };
  }

  async authenticate(token: string | undefined, { signal }: CallOptions = {}): Promise<UserId> {
    signal?.throwIfAborted();
    if (token === undefined) throw new Unauthorized('there is no token');
    if (this.#stalled) await untilAborted(this.#stalled, signal);
    if (this.failure) throw this.failure;
    return parseUserId(this.#users.get(token));
  }
}
