import { Unavailable } from '../errors.ts';
import { describeJobStore } from './contracts.ts';
import { MemoryJobStore } from './memory-job-store.ts';

const failing = (error: Error): MemoryJobStore => {
  const store = new MemoryJobStore();
  Object.assign(store.failures, { find: error, list: error, listByIds: error, delete: error });
  return store;
};

describeJobStore('MemoryJobStore', async () => {
  const store = new MemoryJobStore();
  return {
    store,
    unreachable: failing(new Unavailable('the connection was refused')),
    refused: failing(new Error('access is denied')),
    put: async (record) => store.put(record),
    putUnreadable: async (userId, jobId) => store.putUnreadable(userId, jobId),
    stall: async () => {
      const release = store.stall();
      return async () => release();
    },
    close: async () => undefined,
  };
});
