// Runs the suite on object stores that each break one promise of their port. broken-adapters.test.ts runs this file in a
// Jest of its own, and expects the checks to fail.
import {
  Unavailable,
  type DeleteAllOptions,
  type KeyPrefix,
  type ObjectKey,
  type PresignOptions,
  type Removed,
} from '@jobs-api/core';
import { MemoryObjectStore } from '@jobs-api/core/testing';
import { describeObjectStore } from '@jobs-api/core/testing/contracts';

const down = new Unavailable('the connection was refused');
const denied = new Error('access is denied');

interface Broken {
  readonly Store?: typeof MemoryObjectStore;
  /** Whether a URL can be used with any method. */
  readonly takesAnyMethod?: boolean;
}

const suite = (name: string, { Store = MemoryObjectStore, takesAnyMethod = false }: Broken): void =>
  describeObjectStore(name, async () => {
    const [store, unreachable, refused] = [new Store(), new Store(), new Store()];
    unreachable.failures.deleteAll = down;
    refused.failures.deleteAll = denied;
    return {
      store,
      unreachable,
      refused,
      put: async (key, body) => store.put(key, body),
      startUpload: async (key) => store.startUpload(key),
      hide: async (key) => store.hide(key),
      contents: async (prefix) => store.contents(prefix),
      size: async (prefix) => store.size(prefix),
      get: async (url) => store.download(url),
      request: async (_method, url) => {
        const key = decodeURIComponent(/^memory:\/\/\/([^?]*)/.exec(url)?.[1] ?? '');
        if (takesAnyMethod) store.put(key, 'overwritten');
      },
      stall: async () => {
        const release = store.stall();
        return async () => release();
      },
      protect: async (key) => {
        const release = store.protect(key);
        return async () => release();
      },
      ignorePrefix: async () => {
        listsEverything.add(store);
        return async () => void listsEverything.delete(store);
      },
      close: async () => undefined,
    };
  });

/** Stores whose lists ignore the prefix. */
const listsEverything = new WeakSet<MemoryObjectStore>();

suite('an object store that keeps every promise', {});

suite('an object store whose links work for other methods', { takesAnyMethod: true });

suite('an object store whose links never expire', {
  Store: class extends MemoryObjectStore {
    override async presigner({ expiresInSeconds, ...options }: PresignOptions = {}) {
      const presigner = await super.presigner(options);
      if (expiresInSeconds === undefined) return presigner;
      const end = Math.min(presigner.expiresAt.getTime(), Date.now() + expiresInSeconds * 1000);
      return { ...presigner, expiresAt: new Date(end) };
    }
  },
});

suite('an object store that checks the signal only at the start', {
  Store: class extends MemoryObjectStore {
    override async deleteAll(prefix: KeyPrefix, { signal, ...options }: DeleteAllOptions = {}) {
      signal?.throwIfAborted();
      await super.deleteAll(prefix, options);
    }
  },
});

suite('an object store whose errors are all Unavailable', {
  Store: class extends MemoryObjectStore {
    override async deleteAll(prefix: KeyPrefix, options?: DeleteAllOptions) {
      await super.deleteAll(prefix, options).catch((error: unknown) => {
        options?.signal?.throwIfAborted();
        throw new Unavailable('the store failed', { cause: error });
      });
    }
  },
});

suite('an object store that stops at the first refusal', {
  Store: class extends MemoryObjectStore {
    #isRefused: (key: string) => boolean = () => false;

    override protect(key: string) {
      this.#isRefused = (one) => one === key;
      const release = super.protect(key);
      return () => {
        this.#isRefused = () => false;
        release();
      };
    }

    override async deleteAll(prefix: KeyPrefix, options?: DeleteAllOptions) {
      const keys = this.contents(prefix).map((line) => line.replace(/^\w+ /, ''));
      if (keys.some((key) => this.#isRefused(key))) throw denied;
      await super.deleteAll(prefix, options);
    }
  },
});

suite('an object store that deletes a neighbour', {
  Store: class extends MemoryObjectStore {
    override async deleteAll(prefix: KeyPrefix, options?: DeleteAllOptions) {
      await super.deleteAll(prefix.replace(/\/$/, '') as KeyPrefix, options);
    }
  },
});

suite('an object store that trusts what the storage lists', {
  Store: class extends MemoryObjectStore {
    override async deleteAll(prefix: KeyPrefix, options?: DeleteAllOptions) {
      await super.deleteAll((listsEverything.has(this) ? '' : prefix) as KeyPrefix, options);
    }
  },
});

suite('an object store that removes one page only', {
  Store: class extends MemoryObjectStore {
    override async deleteAll(prefix: KeyPrefix, options: DeleteAllOptions = {}) {
      let removed = 0;
      const enough = new Error('a page was removed');
      const onRemoved: DeleteAllOptions['onRemoved'] = (one) => {
        options.onRemoved?.(one);
        if ((removed += one.objects) >= 1000) throw enough;
      };
      await super.deleteAll(prefix, { ...options, onRemoved }).catch((error: unknown) => {
        if (error !== enough) throw error;
      });
    }
  },
});

suite('an object store that counts what it removed wrongly', {
  Store: class extends MemoryObjectStore {
    override async deleteAll(prefix: KeyPrefix, options: DeleteAllOptions = {}) {
      // Markers and uploads have no size, and are forgotten.
      const onRemoved: DeleteAllOptions['onRemoved'] = (one) => one.bytes > 0 && options.onRemoved?.(one);
      await super.deleteAll(prefix, { ...options, onRemoved });
    }
  },
});

suite('an object store that does not report what it removed if it fails', {
  Store: class extends MemoryObjectStore {
    override async deleteAll(prefix: KeyPrefix, options: DeleteAllOptions = {}) {
      const removed: Removed[] = [];
      await super.deleteAll(prefix, { ...options, onRemoved: (one) => removed.push(one) });
      for (const one of removed) options.onRemoved?.(one);
    }
  },
});

suite('an object store whose links are in another order', {
  Store: class extends MemoryObjectStore {
    override async presigner(options?: PresignOptions) {
      const presigner = await super.presigner(options);
      const presign = async (keys: readonly ObjectKey[]) => presigner.presign(keys.toSorted());
      return { ...presigner, presign };
    }
  },
});

suite('an object store whose links are not escaped', {
  Store: class extends MemoryObjectStore {
    override async presigner(options?: PresignOptions) {
      const presigner = await super.presigner(options);
      const presign = async (keys: readonly ObjectKey[]) => (await presigner.presign(keys)).map(decodeURI);
      return { ...presigner, presign };
    }
  },
});

suite('an object store that ignores the name of a download', {
  Store: class extends MemoryObjectStore {
    override async presigner({ downloadAs: _, ...options }: PresignOptions = {}) {
      return super.presigner(options);
    }
  },
});

suite('an object store that returns a wrong end of its links', {
  Store: class extends MemoryObjectStore {
    override async presigner(options: PresignOptions = {}) {
      const presigner = await super.presigner(options);
      return { ...presigner, expiresAt: new Date(Date.now() + 3_600_000) };
    }
  },
});

suite('an object store that calls the store to sign', {
  Store: class extends MemoryObjectStore {
    override async presigner(options?: PresignOptions) {
      if (this.failures.deleteAll) throw this.failures.deleteAll;
      return super.presigner(options);
    }
  },
});
