import { hash } from 'node:crypto';
import type { UserId } from '@jobs-api/core';
import { LRUCache } from 'lru-cache';

/** The tolerated difference between the clocks of the issuer and of this host, in seconds. */
export const LEEWAY_SECONDS = 30;

const MAX_TOKENS = 10_000;

/** The part of a token that is cached. */
export interface VerifiedToken {
  readonly userId: UserId;
  /** Seconds since 1970, as in the token. */
  readonly exp: number;
  readonly nbf: number | undefined;
}

export interface TokenCacheStats {
  readonly hits: number;
  /** Lookups of tokens that were unknown, expired or not valid yet. Invalid tokens are always unknown. */
  readonly misses: number;
  /** Number of cached tokens. */
  readonly size: number;
}

/**
 * A cache of verified tokens, because verifying a signature takes most of the time. It has the 10,000 tokens that were
 * used last, in 2 to 5 MB. Invalid tokens are not cached.
 *
 * As with every verification without a call to the issuer, a token that was revoked is accepted until it expires, and a
 * withdrawn key until the keys are fetched again, 5 minutes after the last fetch. If that returns other keys, the cache is
 * cleared.
 *
 * A token is found by its SHA-256. The token itself is not kept, so that no heap dump or mistake shows it.
 */
export class TokenCache {
  readonly #tokens = new LRUCache<string, VerifiedToken>({ max: MAX_TOKENS });
  #keySet: object | undefined;
  #hits = 0;
  #misses = 0;

  get stats(): TokenCacheStats {
    return { hits: this.#hits, misses: this.#misses, size: this.#tokens.size };
  }

  /**
   * Returns the user of a cached token that is valid now.
   *
   * @param keySet the issuer's keys, compared by identity with those that verified the cached tokens
   */
  find(token: string, keySet: object | undefined): UserId | undefined {
    if (keySet !== this.#keySet) {
      this.#tokens.clear();
      this.#keySet = keySet;
    }
    const verified = this.#tokens.get(digestOf(token));
    if (verified && isInTime(verified)) {
      this.#hits++;
      return verified.userId;
    }
    this.#misses++;
    return undefined;
  }

  /** @param keySet the one passed to {@link find}; the token may have been verified with newer keys */
  add(token: string, keySet: object | undefined, verified: VerifiedToken): void {
    if (keySet === this.#keySet) this.#tokens.set(digestOf(token), verified);
  }
}

const digestOf = (token: string): string => hash('sha256', token, 'base64url');

const isInTime = ({ exp, nbf = -Infinity }: VerifiedToken): boolean => {
  const now = Date.now() / 1000;
  return exp + LEEWAY_SECONDS >= now && nbf - LEEWAY_SECONDS <= now;
};
