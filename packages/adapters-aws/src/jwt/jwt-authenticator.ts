import { isUtf8 } from 'node:buffer';
import { verify } from 'node:crypto';
import { parseUserId, Unauthorized, type Authenticator, type CallOptions, type UserId } from '@jobs-api/core';
import {
  JwtExpiredError,
  JwtInvalidAudienceError,
  JwtInvalidIssuerError,
  JwtNotBeforeError,
} from 'aws-jwt-verify/error';
import { validateJwtFields } from 'aws-jwt-verify/jwt';
import type { JwtHeader, JwtPayload } from 'aws-jwt-verify/jwt-model';
import * as v from 'valibot';
import { cognitoClaimsCheck, cognitoReasons, type CognitoTokenRules } from './cognito.ts';
import type { RemoteJwks, SigningKey } from './jwks.ts';
import { LEEWAY_SECONDS, TokenCache, type TokenCacheStats, type VerifiedToken } from './token-cache.ts';

/** The issuer and the audience of valid tokens. */
export type TokenRules =
  CognitoTokenRules | { readonly mode: 'oidc'; readonly issuer: string; readonly audience: readonly string[] };

export type JwtAuthenticatorOptions = TokenRules & {
  /** The claim that is the user id. */
  readonly userIdClaim: string;
};

/**
 * Verifies JSON Web Tokens signed with RS256. Everything that needs no key is verified first, so that an invalid token
 * is rejected even if the keys cannot be fetched. The library's verifier classes fetch the key first, and still use a
 * key that was replaced under the same `kid`, so only parts of them are used. A token that was verified before is not
 * verified again: {@link TokenCache} has the consequences.
 */
export class JwtAuthenticator implements Authenticator {
  readonly #keys: RemoteJwks;
  readonly #userIdClaim: string;
  readonly #checkClaims: (payload: JwtPayload) => void;
  readonly #verified = new TokenCache();

  constructor(keys: RemoteJwks, options: JwtAuthenticatorOptions) {
    this.#keys = keys;
    this.#userIdClaim = options.userIdClaim;
    this.#checkClaims = claimsCheck(options);
  }

  async authenticate(token: string | undefined, options: CallOptions = {}): Promise<UserId> {
    options.signal?.throwIfAborted();
    if (token === undefined) throw refusal('there is no token');
    if (!COMPACT.test(token)) throw refusal(ENCODING);
    const keySet = this.#keys.current();
    const known = this.#verified.find(token, keySet);
    if (known !== undefined) return known;

    const { kid, ...verified } = this.#read(token);
    const keys = await this.#keys.get(kid, options);
    if (keys.length === 0) throw refusal('the token names a key that its issuer does not have');
    if (!keys.some((key) => isSignedWith(key, token))) {
      // The issuer may have replaced the key under the same `kid`.
      this.#keys.refresh();
      throw refusal('the signature does not match');
    }
    this.#verified.add(token, keySet, verified);
    return verified.userId;
  }

  get cacheStats(): TokenCacheStats {
    return this.#verified.stats;
  }

  /** The fetch of keys that is under way, if any. Never rejects. */
  get fetchingKeys(): Promise<void> | undefined {
    return this.#keys.fetching;
  }

  /** Resolves if tokens can be verified, and rejects with {@link Unavailable} if not. */
  check(options?: CallOptions): Promise<void> {
    return this.#keys.check(options);
  }

  /** Reads a token and verifies everything but its signature. */
  #read(token: string): VerifiedToken & { kid: string } {
    const { header, payload } = decode(token);
    if (header.alg !== 'RS256') throw refusal('the token is not signed with RS256');
    if (header.kid === undefined) throw refusal('the token names no key');
    if ('crit' in header) throw refusal('the token demands extensions');
    if (payload.exp === undefined) throw refusal('the token does not expire');
    orUnauthorized(() => this.#checkClaims(payload));
    const { exp, nbf } = payload;
    return { kid: header.kid, userId: parseUserId(payload[this.#userIdClaim]), exp, nbf };
  }
}

/** The types of optional fields: the library's checks of claims do not verify them. */
const text = v.optional(v.string());
const time = v.optional(v.pipe(v.number(), v.finite()));
const headerFields = v.object({ alg: text, kid: text });
const payloadFields = v.object({
  iss: text,
  sub: text,
  aud: v.optional(v.union([v.string(), v.array(v.string())])),
  exp: time,
  nbf: time,
  iat: time,
  scope: text,
  jti: text,
});

/**
 * Decodes a {@link COMPACT} token: its segments are canonical base64url (RFC 7515, section 2), and the first two are JSON
 * in UTF-8. The library is less strict, and takes three times as long.
 */
const decode = (token: string): { header: JwtHeader; payload: JwtPayload } => {
  const octets = token.split('.').map((segment) => Buffer.from(segment, 'base64url'));
  const encoded = octets.map((bytes) => bytes.toString('base64url')).join('.');
  if (encoded !== token || !octets.slice(0, 2).every((bytes) => isUtf8(bytes))) throw refusal(ENCODING);
  const [header, payload, signature] = octets as [Buffer, Buffer, Buffer];
  if (signature.length === 0) throw refusal(MALFORMED);
  return { header: parse(header, headerFields) as JwtHeader, payload: parse(payload, payloadFields) as JwtPayload };
};

/** Returns the whole value, with members besides the known fields. */
const parse = (json: Buffer, fields: v.GenericSchema): unknown => {
  const value: unknown = orUnauthorized((): unknown => JSON.parse(json.toString()));
  if (Array.isArray(value)) throw refusal(MALFORMED); // to valibot a list is an object
  orUnauthorized(() => v.assert(fields, value));
  return value;
};

const claimsCheck = (rules: TokenRules): ((payload: JwtPayload) => void) => {
  if (rules.mode === 'oidc') {
    const fields = { issuer: rules.issuer, audience: [...rules.audience], graceSeconds: LEEWAY_SECONDS };
    return (payload) => validateJwtFields(payload, fields);
  }
  return cognitoClaimsCheck(rules);
};

/** RS256 (https://www.rfc-editor.org/rfc/rfc7518#section-3.3), whatever the token says. */
const isSignedWith = ({ publicKey }: SigningKey, token: string): boolean => {
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  return verify('RSA-SHA256', Buffer.from(token.slice(0, end)), publicKey, signature);
};

const MALFORMED = 'the token is malformed';
const ENCODING = 'the token is not strictly encoded';

/** The shape of a token (RFC 7515, section 7.1). Anything else is rejected before it is hashed, decoded or parsed. */
const COMPACT = /^[\w-]*\.[\w-]*\.[\w-]*$/;

/**
 * Returns an error without a stack trace. Capturing one takes a tenth of the CPU of a 401 (`pnpm bench small-routes`, Node
 * 24). This can go when V8 captures stacks lazily.
 */
const refusal = (reason: string): Unauthorized => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return new Unauthorized(reason);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};

const reasons = [
  [JwtExpiredError, 'the token has expired'],
  [JwtNotBeforeError, 'the token is not valid yet'],
  [JwtInvalidIssuerError, 'the token is of another issuer'],
  [JwtInvalidAudienceError, 'the token is for another audience'],
  ...cognitoReasons,
] as const;

/** Runs a check of the library. Its errors quote the token, so only their class is kept. */
const orUnauthorized = <Result>(check: () => Result): Result => {
  let problem: unknown;
  try {
    return check();
  } catch (error) {
    problem = error;
  }
  const known = reasons.find(([kind]) => problem instanceof kind);
  throw refusal(known?.[1] ?? MALFORMED);
};
