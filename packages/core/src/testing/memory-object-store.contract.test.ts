import { Unavailable } from '../errors.ts';
import { describeObjectStore } from './contracts.ts';
import { MemoryObjectStore } from './memory-object-store.ts';

const failing = (error: Error): MemoryObjectStore => {
  const store = new MemoryObjectStore();
  store.failures.deleteAll = error;
  return store;
};

const asAsync = (release: () => void) => async () => release();

describeObjectStore('MemoryObjectStore', async () => {
  const store = new MemoryObjectStore();
  return {
    store,
    unreachable: failing(new Unavailable('the connection was refused')),
    refused: failing(new Error('access is denied')),
    put: async (key, body) => store.put(key, body),
    startUpload: async (key) => store.startUpload(key),
    hide: async (key) => store.hide(key),
    stall: async () => asAsync(store.stall()),
    protect: async (key) => asAsync(store.protect(key)),
    contents: async (prefix) => store.contents(prefix),
    size: async (prefix) => store.size(prefix),
    get: async (url) => store.download(url),
    // A URL of this store is a key of a map: only `get` and `download` know it, and neither changes anything.
    request: async () => undefined,
    close: async () => undefined,
  };
});
