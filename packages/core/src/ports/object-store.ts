import type { KeyPrefix, ObjectKey } from '../object-keys.ts';
import type { CallOptions } from './call-options.ts';

export interface PresignOptions extends CallOptions {
  /** The name under which a browser saves the object, instead of showing it. */
  readonly downloadAs?: string | undefined;
}

/** Signs URLs that all stop working at the same time. */
export interface Presigner {
  /** When the URLs stop working: after the configured lifetime, or with the credentials that sign them, if that is earlier. */
  readonly expiresAt: Date;

  /**
   * Returns one URL for each key, in the order of the keys. The holder of a URL can GET that object, and nothing else,
   * until {@link expiresAt}. The store is not called: a URL may lead to an object that does not exist.
   *
   * May be called any number of times. Does other work in between if there are many keys, so that no call blocks the
   * process for more than a few milliseconds.
   */
  presign(keys: readonly ObjectKey[]): Promise<readonly string[]>;
}

/** Keeps files and results. Any method may throw {@link Unavailable}, and can be aborted. */
export interface ObjectStore {
  /**
   * Returns a signer of URLs. It is made once for a response, and asked for a few URLs at a time while the response is
   * written, so that no response needs all of its URLs in memory.
   */
  presigner(options?: PresignOptions): Promise<Presigner>;

  /**
   * Removes every trace of what is stored under a prefix: objects, their older versions and delete markers, and
   * uploads that were never completed. Returns only after a look at the store that found nothing. An interrupted or
   * failed call may have removed a part; a repeated one continues from there. Nothing outside the prefix is removed,
   * whatever the store says.
   *
   * An object that cannot be removed does not keep the others from being removed, and is an error all the same.
   */
  deleteAll(prefix: KeyPrefix, options?: CallOptions): Promise<void>;
}
