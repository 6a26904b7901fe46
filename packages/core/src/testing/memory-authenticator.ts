import { Unauthorized } from '../errors.ts';
import { parseUserId, type UserId } from '../identifiers.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { CallOptions } from '../ports/call-options.ts';
import { Stall } from './stall.ts';

/** An {@link Authenticator} that accepts the tokens that it has issued itself. */
export class MemoryAuthenticator implements Authenticator {
  /** While set, `authenticate` rejects with it. */
  failure: Error | undefined;
  readonly #users = new Map<string, string>();
  readonly #stall = new Stall();

  /** Returns a token of `userId`, which need not be well-formed. */
  issueToken(userId: string): string {
    const token = `token-${this.#users.size + 1}`;
    this.#users.set(token, userId);
    return token;
  }

  /** Makes every call wait, until the function that is returned is called. */
  stall(): () => void {
    return this.#stall.begin();
  }

  async authenticate(token: string | undefined, { signal }: CallOptions = {}): Promise<UserId> {
    signal?.throwIfAborted();
    if (token === undefined) throw new Unauthorized('there is no token');
    await this.#stall.wait(signal);
    if (this.failure) throw this.failure;
    return parseUserId(this.#users.get(token));
  }
}
