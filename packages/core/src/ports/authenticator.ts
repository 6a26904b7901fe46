import type { UserId } from '../identifiers.ts';
import type { CallOptions } from './call-options.ts';

/** Tells who is asking. */
export interface Authenticator {
  /**
   * The user that a token proves, the same one for the same token as long as it is valid.
   *
   * @param token as the caller presented it, without a scheme; `undefined` where there was none
   * @throws Unauthorized where the token is missing, forged, out of date, meant for somebody else, or names no {@link UserId}
   * @throws Unavailable where a well-formed token cannot be judged, because what it must be checked against was never in reach
   */
  authenticate(token: string | undefined, options?: CallOptions): Promise<UserId>;
}
