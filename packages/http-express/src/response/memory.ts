import { getHeapStatistics } from 'node:v8';
import { Unavailable } from '@jobs-api/core';

/** Bytes that responses may hold while their clients read them, of one user and of all users. */
export interface MemoryLimits {
  readonly perUser: number;
  readonly total: number;
}

const MAX_PER_USER = 192 * 1024 ** 2;
const MAX_TOTAL = 256 * 1024 ** 2;

/** The usual limits, or less in a process with a small heap. */
const defaultLimits = (): MemoryLimits => {
  const heap = getHeapStatistics().heap_size_limit;
  return { perUser: Math.min(MAX_PER_USER, heap / 4), total: Math.min(MAX_TOTAL, heap / 3) };
};

/**
 * Accounts for what responses hold until their clients have read them, so that clients that do not read cannot use up the
 * memory of the process. No user can take all of it.
 */
export class ResponseMemory {
  readonly #limits: MemoryLimits;
  readonly #byUser = new Map<string, number>();
  #total = 0;

  constructor(limits: MemoryLimits = defaultLimits()) {
    this.#limits = limits;
  }

  /** @returns what gives the bytes back, to be called once; `undefined` if there is no room for them */
  tryHold(user: string, bytes: number): (() => void) | undefined {
    const held = this.#byUser.get(user) ?? 0;
    if (held + bytes > this.#limits.perUser || this.#total + bytes > this.#limits.total) return undefined;
    this.#add(user, bytes);
    return () => this.#add(user, -bytes);
  }

  /** @throws Unavailable if there is no room for the bytes */
  hold(user: string, bytes: number): () => void {
    const release = this.tryHold(user, bytes);
    if (!release) throw new Unavailable('too many responses of this user are being sent at once');
    return release;
  }

  #add(user: string, bytes: number): void {
    const held = (this.#byUser.get(user) ?? 0) + bytes;
    this.#total += bytes;
    if (held > 0) this.#byUser.set(user, held);
    else this.#byUser.delete(user);
  }
}
