import { createPublicKey, type KeyObject } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Unavailable, untilAborted, type CallOptions } from '@jobs-api/core';
import * as v from 'valibot';
import type { ProxyEnv } from '../proxy.ts';
import { fetchText } from './fetch-text.ts';

/** A key that may sign tokens, as the issuer wrote it and as node:crypto reads it. */
export interface SigningKey {
  readonly jwk: { readonly kty: 'RSA'; readonly n: string; readonly e: string };
  readonly publicKey: KeyObject;
}

/** Signing keys by `kid`, which need not be unique. */
export type KeySet = ReadonlyMap<string, readonly SigningKey[]>;

export interface RemoteJwksOptions {
  /** Called with the error of a fetch that failed. Must not throw. */
  readonly onFetchFailed?: (error: unknown) => void;
  /** Milliseconds. */
  readonly now?: () => number;
  /** Fetches the text at a URI. Rejects if that takes too long. */
  readonly fetchText?: (uri: string) => Promise<string>;
  /** The proxy through which keys are fetched. */
  readonly proxyEnv?: ProxyEnv | undefined;
}

/** How long keys are used before they are fetched again. */
const FRESH_MS = 300_000;
/** Time between the starts of two fetches. A fetch takes 2 s at most, so a new key is accepted within 12 s. */
const PAUSE_MS = 10_000;
const PAUSE_WITHOUT_KEYS_MS = 1_000;
const MIN_MODULUS_BITS = 2048;

/**
 * An issuer's signing keys, fetched over HTTP and cached. The last good set is kept if a fetch fails, hangs, or returns
 * something empty or broken. There are no timers: a call that finds an old set starts a fetch in the background.
 */
export class RemoteJwks {
  readonly #uri: string;
  readonly #fetchText: (uri: string) => Promise<string>;
  readonly #now: () => number;
  readonly #onFetchFailed: (error: unknown) => void;
  #keys: KeySet | undefined;
  /** When the fetch that returned the keys began. */
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
   * Returns the issuer's keys with that `kid`, none if it has no such key. A known key never waits for a fetch. An unknown
   * one does, but causes at most one in 10 s.
   *
   * @throws Unavailable if no keys have ever been fetched
   */
  async get(kid: string, options?: CallOptions): Promise<readonly SigningKey[]> {
    const keys = await this.#keysWhere((held) => held.has(kid), options);
    return keys.get(kid) ?? [];
  }

  /**
   * Resolves if there are keys, or they can be fetched.
   *
   * @throws Unavailable otherwise
   */
  async check(options?: CallOptions): Promise<void> {
    await this.#keysWhere(() => true, options);
  }

  /**
   * Returns the cached keys: the same object until a fetch has returned other keys. Starts a fetch in the background if
   * they are old.
   */
  current(): KeySet | undefined {
    if (this.#keys && this.#since(this.#keysFrom) >= FRESH_MS) this.refresh();
    return this.#keys;
  }

  /** The fetch that is under way, if any. Never rejects. */
  get fetching(): Promise<void> | undefined {
    return this.#attempt;
  }

  /** Starts a fetch in the background, unless one is under way or was started a moment ago. */
  refresh(): void {
    const pause = this.#keys ? PAUSE_MS : PAUSE_WITHOUT_KEYS_MS;
    if (this.#attempt || this.#since(this.#attemptedAt) < pause) return;
    this.#attemptedAt = this.#now();
    this.#attempt = this.#tryToFetch();
  }

  /** Returns the cached keys if they satisfy the condition, else those after a fetch that is due or under way. */
  async #keysWhere(willDo: (held: KeySet) => boolean, { signal }: CallOptions = {}): Promise<KeySet> {
    signal?.throwIfAborted();
    const held = this.current();
    if (held && willDo(held)) return held;
    this.refresh();
    if (this.#attempt) await untilAborted(this.#attempt, signal);
    if (this.#keys) return this.#keys;
    throw new Unavailable('no token keys have been fetched yet', { cause: this.#lastFailure });
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

/** How many keys are read in one turn of the event loop: they take a millisecond. */
const KEYS_PER_TURN = 20;

/** Ignores keys that may not sign tokens. */
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

/** Compares two sets, whatever the order of their keys. */
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
