import { hash } from 'node:crypto';
import type { UserId } from '@jobs-api/core';
import { LRUCache } from 'lru-cache';

/** How far the clocks of the issuer and of this machine may be apart, in seconds. */
export const LEEWAY_SECONDS = 30;

const MAX_TOKENS = 10_000;

/** What is kept of a token. */
export interface VerifiedToken {
  readonly userId: UserId;
  /** In seconds since 1970, as the token has them. */
  readonly exp: number;
  readonly nbf: number | undefined;
}

export interface TokenCacheStats {
  readonly hits: number;
  /** Lookups of tokens that were not known, the bad ones among them, or no longer in time. */
  readonly misses: number;
  /** How many tokens are known. */
  readonly size: number;
}

/**
 * Good tokens, so that the signature of one that comes again is not verified again: that is what takes the time. At most
 * 10,000 of them, those used last, in 2 to 5 MB. A bad token is judged anew whenever it comes.
 *
 * The price is that of every verification which does not ask the issuer: a token that was revoked there is good until it
 * expires, and a key that was withdrawn is honoured until the keys are fetched again, 5 minutes after the last time. When
 * that brings other keys, all tokens are forgotten.
 *
 * A token is known by the SHA-256 of all of it, and is not kept itself, where a heap dump or a mistake would show it.
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
   * The user of a good token that is in time, if it is known.
   *
   * @param keySet the issuer's keys, compared by identity with those that the known tokens were verified with
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

  /** @param keySet what {@link find} was told; the token itself may have been verified with newer keys */
  add(token: string, keySet: object | undefined, verified: VerifiedToken): void {
    if (keySet === this.#keySet) this.#tokens.set(digestOf(token), verified);
  }
}

const digestOf = (token: string): string => hash('sha256', token, 'base64url');

const isInTime = ({ exp, nbf = -Infinity }: VerifiedToken): boolean => {
  const now = Date.now() / 1000;
  return exp + LEEWAY_SECONDS >= now && nbf - LEEWAY_SECONDS <= now;
};
