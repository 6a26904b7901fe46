import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Unavailable, untilAborted } from '@jobs-api/core';
import type { CallOptions } from '@jobs-api/core';
import * as v from 'valibot';
import type { ProxyEnv } from '../proxy.ts';
import { fetchText } from './fetch-text.ts';

/** A key that may sign tokens, as the issuer wrote it and as node:crypto reads it. */
export interface SigningKey {
  readonly jwk: { readonly kty: 'RSA'; readonly n: string; readonly e: string };
  readonly publicKey: KeyObject;
}

/** By `kid`, which need not be unique. */
export type KeySet = ReadonlyMap<string, readonly SigningKey[]>;

export interface RemoteJwksOptions {
  /** Told why a fetch brought no keys, for the log. Must not throw. */
  readonly onFetchFailed?: (error: unknown) => void;
  /** Milliseconds. */
  readonly now?: () => number;
  /** Fetches the text at a URI. Rejects where that takes too long, too. */
  readonly fetchText?: (uri: string) => Promise<string>;
  /** Of the proxy to fetch through. */
  readonly proxyEnv?: ProxyEnv | undefined;
}

/** How long keys are used without a look at the issuer. */
const FRESH_MS = 300_000;
/** Between the beginnings of two fetches. With the 2 s that one may take, a new key goes unknown for 12 s at most. */
const PAUSE_MS = 10_000;
const PAUSE_WITHOUT_KEYS_MS = 1_000;
const MIN_MODULUS_BITS = 2048;

/**
 * An issuer's signing keys, fetched over HTTP and kept. The last good set stays when a fetch fails, hangs, or brings
 * something empty or broken. There are no timers: a call that finds the set old begins to fetch it in the background.
 */
export class RemoteJwks {
  readonly #uri: string;
  readonly #fetchText: (uri: string) => Promise<string>;
  readonly #now: () => number;
  readonly #onFetchFailed: (error: unknown) => void;
  #keys: KeySet | undefined;
  /** When the fetch that brought the keys began. */
  #keysFrom = -Infinity;
  #attemptedAt = -Infinity;
  /** The fetch under way. Never rejects. */
  #attempt: Promise<void> | undefined;
  #lastFailure: unknown;

  constructor(uri: string, options: RemoteJwksOptions = {}) {
    this.#uri = uri;
    this.#fetchText = options.fetchText ?? ((address) => fetchText(address, { proxyEnv: options.proxyEnv }));
    this.#now = options.now ?? Date.now;
    this.#onFetchFailed = options.onFetchFailed ?? (() => undefined);
  }

  /**
   * The issuer's keys with that `kid`, none where it has no such key. A known key never waits for a fetch; an unknown one
   * does, but causes no more than one in 10 s.
   *
   * @throws Unavailable where no keys have ever been had
   */
  async get(kid: string, options?: CallOptions): Promise<readonly SigningKey[]> {
    const keys = await this.#keysWhere((held) => held.has(kid), options);
    return keys.get(kid) ?? [];
  }

  /**
   * Resolves where there are keys, or they can be had.
   *
   * @throws Unavailable otherwise
   */
  async check(options?: CallOptions): Promise<void> {
    await this.#keysWhere(() => true, options);
  }

  /**
   * The keys that are held, by `kid`: the same object until a fetch has brought other keys. They are fetched in the
   * background where they are old.
   */
  current(): KeySet | undefined {
    if (this.#keys && this.#since(this.#keysFrom) >= FRESH_MS) this.refresh();
    return this.#keys;
  }

  /** The fetch that is under way, if any. Never rejects. */
  get fetching(): Promise<void> | undefined {
    return this.#attempt;
  }

  /** Begins to fetch in the background, unless a fetch is under way or the last one began a moment ago. */
  refresh(): void {
    const pause = this.#keys ? PAUSE_MS : PAUSE_WITHOUT_KEYS_MS;
    if (this.#attempt || this.#since(this.#attemptedAt) < pause) return;
    this.#attemptedAt = this.#now();
    this.#attempt = this.#tryToFetch();
  }

  /** The keys that are held if they will do, else those that are held after a fetch, where one is due or under way. */
  async #keysWhere(willDo: (held: KeySet) => boolean, { signal }: CallOptions = {}): Promise<KeySet> {
    signal?.throwIfAborted();
    const held = this.current();
    if (held && willDo(held)) return held;
    this.refresh();
    if (this.#attempt) await untilAborted(this.#attempt, signal);
    if (this.#keys) return this.#keys;
    throw new Unavailable('the token keys have never been had', { cause: this.#lastFailure });
  }

  async #tryToFetch(): Promise<void> {
    try {
      const keys = await readKeySet(await this.#fetchText(this.#uri));
      if (!this.#keys || !isSame(keys, this.#keys)) this.#keys = keys;
      this.#keysFrom = this.#attemptedAt;
    } catch (error) {
      this.#lastFailure = error;
      this.#onFetchFailed(error);
    } finally {
      this.#attempt = undefined;
    }
  }

  /** A clock that was set back counts as time that has passed. */
  #since(time: number): number {
    return Math.abs(this.#now() - time);
  }
}

const keySet = v.object({ keys: v.array(v.unknown()) });

/** https://www.rfc-editor.org/rfc/rfc7517#section-4, https://www.rfc-editor.org/rfc/rfc7518#section-6.3.1 */
const rs256Jwk = v.object({
  kty: v.literal('RSA'),
  kid: v.string(),
  use: v.optional(v.literal('sig')),
  alg: v.optional(v.literal('RS256')),
  n: v.string(),
  e: v.string(),
});

/** Keys that are read before other work gets its turn: a millisecond's worth. */
const KEYS_PER_TURN = 20;

/** Ignores what may not sign tokens, of whatever kind. */
const readKeySet = async (text: string): Promise<KeySet> => {
  const keys = new Map<string, SigningKey[]>();
  for (const [index, entry] of v.parse(keySet, JSON.parse(text)).keys.entries()) {
    if (index % KEYS_PER_TURN === KEYS_PER_TURN - 1) await setImmediate();
    if (!v.is(rs256Jwk, entry)) continue;
    const key = readKey(entry);
    if (key) keys.set(entry.kid, [...(keys.get(entry.kid) ?? []), key]);
  }
  if (keys.size === 0) throw new Error('the key set has no key that may sign tokens');
  return keys;
};

/** In whatever order they come. */
const isSame = (one: KeySet, other: KeySet): boolean => {
  const describe = (keys: KeySet) =>
    [...keys].flatMap(([kid, named]) => named.map(({ jwk: { n, e } }) => JSON.stringify([kid, n, e]))).sort();
  return describe(one).join() === describe(other).join();
};

const readKey = ({ kty, n, e }: SigningKey['jwk']): SigningKey | undefined => {
  const jwk = { kty, n, e };
  try {
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    const { modulusLength = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
    const isStrong = modulusLength >= MIN_MODULUS_BITS && publicExponent > 1n && publicExponent % 2n === 1n;
    return isStrong ? { jwk, publicKey } : undefined;
  } catch {
    return undefined;
  }
};
