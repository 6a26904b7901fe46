import type { UserId } from '../identifiers.ts';
import type { CallOptions } from './call-options.ts';

/** Authenticates callers. */
export interface Authenticator {
  /**
   * Verifies a token and returns the id of its user: the same id for the same token, as long as the token is valid.
   *
   * @param token as in the request, without a scheme; `undefined` if the request has none
   * @throws Unauthorized if the token is missing, forged, expired, issued for another audience, or has no valid user id
   * @throws Unavailable if a well-formed token cannot be verified because no keys have ever been fetched
   */
  authenticate(token: string | undefined, options?: CallOptions): Promise<UserId>;
}
