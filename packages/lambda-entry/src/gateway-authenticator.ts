import { parseUserId, Unauthorized, type Authenticator, type CallOptions, type UserId } from '@jobs-api/core';
import { invocation } from './invocation.ts';

interface AuthorizedEvent {
  readonly version?: string;
  readonly requestContext?: {
    readonly authorizer?: {
      readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> };
      readonly claims?: Readonly<Record<string, unknown>>;
    };
  };
}

/**
 * Trusts the claims that API Gateway's JWT authorizer put into the event. Only the gateway can write them. The token was
 * verified by the gateway and is ignored here.
 */
export class GatewayAuthenticator implements Authenticator {
  readonly #userIdClaim: string;

  constructor({ userIdClaim }: { userIdClaim: string }) {
    this.#userIdClaim = userIdClaim;
  }

  async authenticate(_token: string | undefined, { signal }: CallOptions = {}): Promise<UserId> {
    signal?.throwIfAborted();
    const { version, requestContext } = (invocation.getStore()?.event ?? {}) as AuthorizedEvent;
    const { authorizer } = requestContext ?? {};
    const claims = version === '2.0' ? authorizer?.jwt?.claims : authorizer?.claims;
    if (!claims) throw new Unauthorized('the event has no claims of an authorizer');
    return parseUserId(Object.hasOwn(claims, this.#userIdClaim) ? claims[this.#userIdClaim] : undefined);
  }
}
