import type { KeyPrefix, ObjectKey } from '../object-keys.ts';
import type { CallOptions } from './call-options.ts';

/** Where files and results are kept. Any method may throw {@link Unavailable}, and can be aborted. */
export interface ObjectStore {
  /**
   * Presigned URLs, one for each key in the order of the keys: whoever holds one can GET that object, and nothing else,
   * until it expires. The store itself is not asked: a URL may lead to an object that does not exist.
   */
  presign(keys: readonly ObjectKey[], options?: CallOptions): Promise<readonly string[]>;

  /**
   * Removes every trace of what is stored under a prefix: objects, their older versions and delete markers, and
   * uploads that were never completed. Returns only after a look at the store that found nothing. An interrupted or
   * failed call may have removed a part; a repeated one goes on from there.
   *
   * What cannot be removed does not keep the rest from being removed, and is an error all the same.
   */
  deleteAll(prefix: KeyPrefix, options?: CallOptions): Promise<void>;
}
