import type { KeyPrefix, ObjectKey } from '../object-keys.ts';
import type { CallOptions } from './call-options.ts';

export interface PresignOptions extends CallOptions {
  /** The name under which a browser saves the object, instead of showing it. */
  readonly downloadAs?: string | undefined;
  /** Lifetime of the URLs, in seconds. Shortens the configured lifetime and never extends it. */
  readonly expiresInSeconds?: number | undefined;
}

/** Signs URLs that all stop working at the same time. */
export interface Presigner {
  /** When the URLs stop working: at the earliest end of the lifetime requested, the one configured, and the credentials. */
  readonly expiresAt: Date;

  /**
   * Returns one URL for each key, in the order of the keys. The holder of a URL can GET that object, and nothing else,
   * until {@link expiresAt}. The store is not called: a URL may lead to an object that does not exist.
   *
   * A URL has only the characters that RFC 3986 allows, so that it can be written into JSON as it is.
   *
   * May be called any number of times. Does other work in between if there are many keys, so that no call blocks the
   * process for more than a few milliseconds.
   */
  presign(keys: readonly ObjectKey[]): Promise<readonly string[]>;
}

/** Counts of what was removed from an object store. */
export interface Removed {
  /** Objects, each older version and each delete marker counted by itself. */
  readonly objects: number;
  /** Uploads that were never completed. */
  readonly uploads: number;
  /** The size of the objects and versions. Parts of uploads are not counted. */
  readonly bytes: number;
}

export interface DeleteAllOptions extends CallOptions {
  /** Is called with what was removed, as soon as the store has confirmed it. */
  readonly onRemoved?: ((removed: Removed) => void) | undefined;
}

/** Keeps files and results. Any method may throw {@link Unavailable}, and can be aborted. */
export interface ObjectStore {
  /**
   * Returns a signer of URLs. It is made once for a response, and called for a few URLs at a time while the response is
   * written, so that no response needs all of its URLs in memory.
   */
  presigner(options?: PresignOptions): Promise<Presigner>;

  /**
   * Removes every trace of what is stored under a prefix: objects, their older versions and delete markers, and uploads
   * that were never completed. Returns only after the store has listed nothing. An aborted or failed call may have
   * removed a part; a repeated one continues from there. Nothing outside the prefix is removed, whatever the store
   * lists.
   *
   * An object that cannot be removed does not keep the others from being removed, and is an error all the same.
   *
   * Everything that the call itself removed is passed to `onRemoved` once, also by a call that fails.
   */
  deleteAll(prefix: KeyPrefix, options?: DeleteAllOptions): Promise<void>;
}
