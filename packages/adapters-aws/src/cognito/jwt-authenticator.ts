import { isUtf8 } from 'node:buffer';
import { parseUserId, Unauthorized } from '@jobs-api/core';
import type { Authenticator, CallOptions, UserId } from '@jobs-api/core';
import { CognitoJwtVerifier, validateCognitoJwtFields } from 'aws-jwt-verify/cognito-verifier';
import {
  CognitoJwtInvalidClientIdError,
  CognitoJwtInvalidTokenUseError,
  JwtExpiredError,
  JwtInvalidAudienceError,
  JwtInvalidIssuerError,
  JwtNotBeforeError,
} from 'aws-jwt-verify/error';
import { decomposeUnverifiedJwt, validateJwtFields } from 'aws-jwt-verify/jwt';
import type { JwtPayload } from 'aws-jwt-verify/jwt-model';
import { verifyJwtSync } from 'aws-jwt-verify/jwt-verifier';
import type { RemoteJwks, SigningKey } from './jwks.ts';

/** Whose tokens are taken. */
export type TokenRules =
  | {
      readonly mode: 'cognito';
      readonly userPoolId: string;
      readonly clientIds: readonly string[];
      readonly tokenUse: 'id' | 'access' | 'any';
    }
  | { readonly mode: 'oidc'; readonly issuer: string; readonly audience: readonly string[] };

export type JwtAuthenticatorOptions = TokenRules & {
  /** The claim that is the user id. */
  readonly userIdClaim: string;
};

const LEEWAY_SECONDS = 30;

/**
 * The issuers that a Cognito user pool's tokens may name, the original and the updated one
 * (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html), and
 * where its keys are: a pool that was not moved to the updated issuer has them at the original one only.
 *
 * @throws where `userPoolId` is not one, such as `eu-west-1_AbCdEfGhI`
 */
export const cognitoUserPool = (userPoolId: string): { issuers: string[]; jwksUri: string } => {
  const original = CognitoJwtVerifier.parseUserPoolId(userPoolId);
  const updated = CognitoJwtVerifier.parseUserPoolId(userPoolId, 'issuer-cognito-idp');
  return { issuers: [original.issuer, updated.issuer], jwksUri: original.jwksUri };
};

/**
 * Verifies JSON Web Tokens signed with RS256. What can be said against a token without a key is said first, so that a
 * bad one is refused also while the keys are out of reach. The library's verifier classes do it the other way round, and
 * go on using a key that was replaced under the same `kid`; therefore only their parts are used.
 */
export class JwtAuthenticator implements Authenticator {
  readonly #keys: RemoteJwks;
  readonly #userIdClaim: string;
  readonly #checkClaims: (payload: JwtPayload) => void;

  constructor(keys: RemoteJwks, options: JwtAuthenticatorOptions) {
    this.#keys = keys;
    this.#userIdClaim = options.userIdClaim;
    this.#checkClaims = claimsCheck(options);
  }

  async authenticate(token: string | undefined, options: CallOptions = {}): Promise<UserId> {
    options.signal?.throwIfAborted();
    if (token === undefined) throw new Unauthorized('there is no token');
    const { kid, userId } = this.#read(token);
    const keys = await this.#keys.get(kid, options);
    if (keys.length === 0) throw new Unauthorized('the token names a key that its issuer does not have');
    if (!keys.some((key) => isSignedWith(key, token))) {
      // The issuer may have put another key under the same name.
      this.#keys.refresh();
      throw new Unauthorized('the signature does not match');
    }
    return userId;
  }

  /** Resolves where tokens can be judged, and rejects with {@link Unavailable} where not. */
  check(options?: CallOptions): Promise<void> {
    return this.#keys.check(options);
  }

  /** What a token says, in good order but for the signature. */
  #read(token: string): { kid: string; userId: UserId } {
    if (!isStrictlyEncoded(token)) throw new Unauthorized('the token is not strictly encoded');
    const { header, payload } = orUnauthorized(() => decomposeUnverifiedJwt(token));
    if (header.alg !== 'RS256') throw new Unauthorized('the token is not signed with RS256');
    if (header.kid === undefined) throw new Unauthorized('the token names no key');
    if ('crit' in header) throw new Unauthorized('the token demands extensions');
    if (payload.exp === undefined) throw new Unauthorized('the token does not expire');
    orUnauthorized(() => this.#checkClaims(payload));
    return { kid: header.kid, userId: parseUserId(payload[this.#userIdClaim]) };
  }
}

/** Three segments, the one canonical base64url of their octets (RFC 7515, section 2), the first two UTF-8. */
const isStrictlyEncoded = (token: string): boolean => {
  const segments = token.split('.');
  const octets = segments.map((segment) => Buffer.from(segment, 'base64url'));
  return (
    segments.length === 3 &&
    octets.every((bytes, index) => bytes.toString('base64url') === segments[index]) &&
    octets.slice(0, 2).every((bytes) => isUtf8(bytes))
  );
};

const claimsCheck = (rules: TokenRules): ((payload: JwtPayload) => void) => {
  if (rules.mode === 'oidc') {
    const fields = { issuer: rules.issuer, audience: [...rules.audience], graceSeconds: LEEWAY_SECONDS };
    return (payload) => validateJwtFields(payload, fields);
  }
  const { issuers } = cognitoUserPool(rules.userPoolId);
  const fields = { issuer: issuers, audience: null, graceSeconds: LEEWAY_SECONDS };
  const tokenUse = rules.tokenUse === 'any' ? null : rules.tokenUse;
  const cognitoFields = { clientId: [...rules.clientIds], tokenUse };
  return (payload) => {
    validateJwtFields(payload, fields);
    validateCognitoJwtFields(payload, cognitoFields);
  };
};

const isSignedWith = ({ jwk, publicKey }: SigningKey, token: string): boolean => {
  try {
    const judgedAlready = { issuer: null, audience: null, graceSeconds: LEEWAY_SECONDS };
    verifyJwtSync(token, jwk, judgedAlready, () => publicKey);
    return true;
  } catch {
    return false;
  }
};

const reasons = [
  [JwtExpiredError, 'the token has expired'],
  [JwtNotBeforeError, 'the token is not valid yet'],
  [JwtInvalidIssuerError, 'the token is of another issuer'],
  [JwtInvalidAudienceError, 'the token is for another audience'],
  [CognitoJwtInvalidClientIdError, 'the token is for another client'],
  [CognitoJwtInvalidTokenUseError, 'the token is for another use'],
] as const;

/** Runs a check of the library. Its errors quote the token, so that nothing of them is kept but their kind. */
const orUnauthorized = <Result>(check: () => Result): Result => {
  let problem: unknown;
  try {
    return check();
  } catch (error) {
    problem = error;
  }
  const [, reason = 'the token is malformed'] = reasons.find(([kind]) => problem instanceof kind) ?? [];
  throw new Unauthorized(reason);
};
