// Runs the suites on adapters that each break one promise of their port. broken-adapters.test.ts runs this file in a Jest
// of its own, and expects the checks to fail.
import {
  Unavailable,
  type CallOptions,
  type DeleteAllOptions,
  type JobId,
  type KeyPrefix,
  type ListOptions,
  type ListRange,
  type PresignOptions,
  type UserId,
} from '@jobs-api/core';
import { MemoryJobStore, MemoryObjectStore } from '@jobs-api/core/testing';
import { describeJobStore, describeObjectStore } from '@jobs-api/core/testing/contracts';

const down = new Unavailable('the connection was refused');
const denied = new Error('access is denied');

const jobStoreSuite = (name: string, JobStoreClass: typeof MemoryJobStore): void =>
  describeJobStore(name, async () => {
    const [store, unreachable, refused] = [new JobStoreClass(), new JobStoreClass(), new JobStoreClass()];
    Object.assign(unreachable.failures, { find: down, list: down, listByIds: down, delete: down });
    Object.assign(refused.failures, { find: denied, list: denied, listByIds: denied, delete: denied });
    return {
      store,
      unreachable,
      refused,
      put: async (record) => store.put(record),
      putUnreadable: async (userId, jobId) => store.putUnreadable(userId, jobId),
      stall: async () => {
        const release = store.stall();
        return async () => release();
      },
      close: async () => undefined,
    };
  });

jobStoreSuite('a job store that keeps every promise', MemoryJobStore);

jobStoreSuite(
  'a job store that looks at the signal at the start only',
  class extends MemoryJobStore {
    override async find(userId: UserId, jobId: JobId, { signal }: CallOptions = {}) {
      signal?.throwIfAborted();
      return super.find(userId, jobId);
    }
  },
);

jobStoreSuite(
  'a job store whose errors are all Unavailable',
  class extends MemoryJobStore {
    override async find(userId: UserId, jobId: JobId, options?: CallOptions) {
      return super.find(userId, jobId, options).catch((error: unknown) => {
        if (error === denied) throw new Unavailable('the store failed', { cause: error });
        throw error;
      });
    }
  },
);

jobStoreSuite(
  'a job store that cuts lists short',
  class extends MemoryJobStore {
    override async *list(userId: UserId, range?: ListRange, options?: ListOptions) {
      let pages = 0;
      for await (const page of super.list(userId, range, options)) if (pages++ < 50) yield page;
    }
  },
);

jobStoreSuite(
  'a job store whose order is wrong at page borders',
  class extends MemoryJobStore {
    override async *list(userId: UserId, range: ListRange = {}, options?: ListOptions) {
      // Pages are in ascending order whatever the order of the list.
      for await (const page of super.list(userId, range, options))
        yield [...page].sort((one, other) => one.jobId - other.jobId);
    }
  },
);

jobStoreSuite(
  'a job store that deletes a neighbour',
  class extends MemoryJobStore {
    override async delete(userId: UserId, jobId: JobId, options?: CallOptions) {
      const neighbour = (jobId * 10) as JobId;
      await super.delete(userId, neighbour, options);
      return super.delete(userId, jobId, options);
    }
  },
);

jobStoreSuite(
  'a job store that always says that there was a record',
  class extends MemoryJobStore {
    override async delete(userId: UserId, jobId: JobId, options?: CallOptions) {
      await super.delete(userId, jobId, options);
      return true;
    }
  },
);

interface Broken {
  readonly Store?: typeof MemoryObjectStore;
  /** Whether a URL can be used with any method. */
  readonly takesAnyMethod?: boolean;
}

const objectStoreSuite = (name: string, { Store = MemoryObjectStore, takesAnyMethod = false }: Broken): void =>
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
      get: async (url) => {
        const [body, downloadName] = [store.get(url), store.downloadName(url)];
        if (body === undefined) return undefined;
        const saved = downloadName && `attachment; filename*=UTF-8''${encodeURIComponent(downloadName)}`;
        return { body, contentDisposition: saved ?? null };
      },
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

objectStoreSuite('an object store that keeps every promise', {});

objectStoreSuite('an object store whose links work for other methods', { takesAnyMethod: true });

objectStoreSuite('an object store whose links never expire', {
  Store: class extends MemoryObjectStore {
    override async presigner({ expiresInSeconds, ...options }: PresignOptions = {}) {
      const presigner = await super.presigner(options);
      if (expiresInSeconds === undefined) return presigner;
      const end = Math.min(presigner.expiresAt.getTime(), Date.now() + expiresInSeconds * 1000);
      return { ...presigner, expiresAt: new Date(end) };
    }
  },
});

objectStoreSuite('an object store that looks at the signal at the start only', {
  Store: class extends MemoryObjectStore {
    override async deleteAll(prefix: KeyPrefix, { signal, ...options }: DeleteAllOptions = {}) {
      signal?.throwIfAborted();
      await super.deleteAll(prefix, options);
    }
  },
});

objectStoreSuite('an object store whose errors are all Unavailable', {
  Store: class extends MemoryObjectStore {
    override async deleteAll(prefix: KeyPrefix, options?: DeleteAllOptions) {
      await super.deleteAll(prefix, options).catch((error: unknown) => {
        options?.signal?.throwIfAborted();
        throw new Unavailable('the store failed', { cause: error });
      });
    }
  },
});

objectStoreSuite('an object store that stops at the first refusal', {
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

objectStoreSuite('an object store that deletes a neighbour', {
  Store: class extends MemoryObjectStore {
    override async deleteAll(prefix: KeyPrefix, options?: DeleteAllOptions) {
      await super.deleteAll(prefix.replace(/\/$/, '') as KeyPrefix, options);
    }
  },
});

objectStoreSuite('an object store that trusts what the storage lists', {
  Store: class extends MemoryObjectStore {
    override async deleteAll(prefix: KeyPrefix, options?: DeleteAllOptions) {
      await super.deleteAll((listsEverything.has(this) ? '' : prefix) as KeyPrefix, options);
    }
  },
});

objectStoreSuite('an object store that removes one page only', {
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

objectStoreSuite('an object store that counts what it removed wrongly', {
  Store: class extends MemoryObjectStore {
    override async deleteAll(prefix: KeyPrefix, options: DeleteAllOptions = {}) {
      // Markers and uploads have no size, and are forgotten.
      const onRemoved: DeleteAllOptions['onRemoved'] = (one) => one.bytes > 0 && options.onRemoved?.(one);
      await super.deleteAll(prefix, { ...options, onRemoved });
    }
  },
});
