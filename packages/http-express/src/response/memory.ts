import { getHeapStatistics } from 'node:v8';
import { Unavailable } from '@jobs-api/core';

/** Limits of the memory that responses hold while their clients read them, in bytes. */
export interface ResponseMemoryLimits {
  readonly perUser: number;
  readonly total: number;
}

const MAX_PER_USER = 192 * 1024 ** 2;
const MAX_TOTAL = 256 * 1024 ** 2;

/** Returns the usual limits, or lower ones in a process with a small heap. */
const defaultLimits = (): ResponseMemoryLimits => {
  const heap = getHeapStatistics().heap_size_limit;
  return { perUser: Math.min(MAX_PER_USER, heap / 4), total: Math.min(MAX_TOTAL, heap / 3) };
};

/**
 * Accounts for the memory that responses hold until their clients have read them, so that clients that do not read cannot
 * use up the memory of the process. No single user can take all of it.
 */
export class ResponseMemory {
  readonly #limits: ResponseMemoryLimits;
  readonly #byUser = new Map<string, number>();
  #total = 0;

  constructor(limits: ResponseMemoryLimits = defaultLimits()) {
    this.#limits = limits;
  }

  /** @returns a function that releases the bytes, to be called once; `undefined` if a limit would be exceeded */
  tryHold(userId: string, bytes: number): (() => void) | undefined {
    const held = this.#byUser.get(userId) ?? 0;
    if (held + bytes > this.#limits.perUser || this.#total + bytes > this.#limits.total) return undefined;
    this.#add(userId, bytes);
    return () => this.#add(userId, -bytes);
  }

  /** @throws Unavailable if a limit would be exceeded */
  hold(userId: string, bytes: number): () => void {
    const release = this.tryHold(userId, bytes);
    if (release) return release;
    const isOverUserLimit = (this.#byUser.get(userId) ?? 0) + bytes > this.#limits.perUser;
    throw new Unavailable(`responses to ${isOverUserLimit ? 'this user' : 'all users'} hold too much memory`);
  }

  #add(userId: string, bytes: number): void {
    const held = (this.#byUser.get(userId) ?? 0) + bytes;
    this.#total += bytes;
    if (held > 0) this.#byUser.set(userId, held);
    else this.#byUser.delete(userId);
  }
}
