import type { KeyPrefix, ObjectKey } from '../object-keys.ts';
import type { CallOptions } from './call-options.ts';

export interface PresignOptions extends CallOptions {
  /** The name under which a browser saves what a URL leads to, instead of showing it. */
  readonly downloadAs?: string | undefined;
}

export interface PresignedUrls {
  /** One for each key, in the order of the keys. */
  readonly urls: readonly string[];
  /** When they stop working: the configured lifetime, or the end of the credentials that signed them, if that is earlier. */
  readonly expiresAt: Date;
}

/** Where files and results are kept. Any method may throw {@link Unavailable}, and can be aborted. */
export interface ObjectStore {
  /**
   * Presigned URLs for any number of keys: whoever holds one can GET that object, and nothing else, until it expires.
   * The store itself is not asked: a URL may lead to an object that does not exist.
   */
  presign(keys: readonly ObjectKey[], options?: PresignOptions): Promise<PresignedUrls>;

  /**
   * Removes every trace of what is stored under a prefix: objects, their older versions and delete markers, and
   * uploads that were never completed. Returns only after a look at the store that found nothing. An interrupted or
   * failed call may have removed a part; a repeated one goes on from there.
   *
   * What cannot be removed does not keep the rest from being removed, and is an error all the same.
   */
  deleteAll(prefix: KeyPrefix, options?: CallOptions): Promise<void>;
}
