import { Unavailable } from '../errors.ts';
import { MemoryAuthenticator, MemoryJobStore, MemoryObjectStore } from '../testing.ts';
import { describeAuthenticator, describeJobStore, describeObjectStore } from './contracts.ts';

const refused = new Unavailable('the connection was refused');
const forbidden = new Error('access is denied');
const close = async () => undefined;

describeJobStore('MemoryJobStore', async () => {
  const store = new MemoryJobStore();
  const unreachable = new MemoryJobStore();
  Object.assign(unreachable.failures, { find: refused, list: refused, listByIds: refused, delete: refused });
  const denied = new MemoryJobStore();
  Object.assign(denied.failures, { find: forbidden, list: forbidden, listByIds: forbidden, delete: forbidden });
  return {
    store,
    unreachable,
    refused: denied,
    put: async (record) => store.put(record),
    putUnreadable: async (userId, jobId) => store.putUnreadable(userId, jobId),
    stall: async () => {
      const release = store.stall();
      return async () => release();
    },
    close,
  };
});

describeObjectStore('MemoryObjectStore', async () => {
  const store = new MemoryObjectStore();
  const unreachable = new MemoryObjectStore();
  unreachable.failures.deleteAll = refused;
  const denied = new MemoryObjectStore();
  denied.failures.deleteAll = forbidden;
  return {
    store,
    unreachable,
    refused: denied,
    put: async (key, body) => store.put(key, body),
    startUpload: async (key) => store.startUpload(key),
    hide: async (key) => store.hide(key),
    stall: async () => {
      const release = store.stall();
      return async () => release();
    },
    protect: async (key) => {
      const release = store.protect(key);
      return async () => release();
    },
    // A URL of this store is a key of a map: no request but `get` knows it.
    request: async () => undefined,
    contents: async (prefix) => store.contents(prefix),
    size: async (prefix) => store.size(prefix),
    get: async (url) => {
      const [body, name] = [store.get(url), store.downloadName(url)];
      return body === undefined
        ? undefined
        : { body, contentDisposition: name ? `attachment; filename*=UTF-8''${encodeURIComponent(name)}` : null };
    },
    close,
  };
});

describeAuthenticator('MemoryAuthenticator', async () => {
  const authenticator = new MemoryAuthenticator();
  const unreachable = new MemoryAuthenticator();
  unreachable.failure = refused;
  const stalled = new MemoryAuthenticator();
  stalled.stall();
  return {
    authenticator,
    unreachable,
    stalled,
    issueToken: async (userId) => authenticator.issueToken(userId),
    close,
  };
});
