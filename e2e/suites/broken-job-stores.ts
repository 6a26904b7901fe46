// Runs the suite on job stores that each break one promise of their port. broken-adapters.test.ts runs this file in a Jest
// of its own, and expects the checks to fail.
import {
  Unavailable,
  UnreadableJob,
  type CallOptions,
  type JobId,
  type ListOptions,
  type ListRange,
  type UserId,
} from '@jobs-api/core';
import { MemoryJobStore } from '@jobs-api/core/testing';
import { describeJobStore } from '@jobs-api/core/testing/contracts';

const down = new Unavailable('the connection was refused');
const denied = new Error('access is denied');

const suite = (name: string, JobStoreClass: typeof MemoryJobStore): void =>
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

suite('a job store that keeps every promise', MemoryJobStore);

suite(
  'a job store that checks the signal only at the start',
  class extends MemoryJobStore {
    override async find(userId: UserId, jobId: JobId, { signal }: CallOptions = {}) {
      signal?.throwIfAborted();
      return super.find(userId, jobId);
    }
  },
);

suite(
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

suite(
  'a job store that cuts lists short',
  class extends MemoryJobStore {
    override async *list(userId: UserId, range?: ListRange, options?: ListOptions) {
      let pages = 0;
      for await (const page of super.list(userId, range, options)) if (pages++ < 50) yield page;
    }
  },
);

suite(
  'a job store whose order is wrong at page borders',
  class extends MemoryJobStore {
    override async *list(userId: UserId, range: ListRange = {}, options?: ListOptions) {
      // Pages are in ascending order whatever the order of the list.
      for await (const page of super.list(userId, range, options))
        yield [...page].sort((one, other) => one.jobId - other.jobId);
    }
  },
);

suite(
  'a job store that deletes a neighbour',
  class extends MemoryJobStore {
    override async delete(userId: UserId, jobId: JobId, options?: CallOptions) {
      const neighbourId = (jobId * 10) as JobId;
      await super.delete(userId, neighbourId, options);
      return super.delete(userId, jobId, options);
    }
  },
);

suite(
  'a job store that always says that there was a record',
  class extends MemoryJobStore {
    override async delete(userId: UserId, jobId: JobId, options?: CallOptions) {
      await super.delete(userId, jobId, options);
      return true;
    }
  },
);

suite(
  'a job store whose lists are not aborted between pages',
  class extends MemoryJobStore {
    override async *list(userId: UserId, range?: ListRange, { signal, ...options }: ListOptions = {}) {
      signal?.throwIfAborted();
      yield* super.list(userId, range, options);
    }
  },
);

suite(
  'a job store whose errors are not Unavailable',
  class extends MemoryJobStore {
    override async listByIds(userId: UserId, jobIds: readonly JobId[], options?: ListOptions) {
      return super.listByIds(userId, jobIds, options).catch((error: unknown) => {
        throw error === down ? new Error('connect ECONNREFUSED') : error;
      });
    }
  },
);

suite(
  'a job store whose lists begin with the job that they should start after',
  class extends MemoryJobStore {
    override async *list(userId: UserId, { after, ...range }: ListRange = {}, options?: ListOptions) {
      const step = range.order === 'desc' ? 1 : -1;
      yield* super.list(userId, { ...range, after: after && ((after + step) as JobId) }, options);
    }
  },
);

suite(
  'a job store that takes the size hint for a limit',
  class extends MemoryJobStore {
    override async *list(userId: UserId, range: ListRange = {}, options?: ListOptions) {
      let rest = range.sizeHint ?? Infinity;
      for await (const page of super.list(userId, range, options)) {
        yield page.slice(0, rest);
        if ((rest -= page.length) <= 0) return;
      }
    }
  },
);

suite(
  'a job store that lists more than a summary',
  class extends MemoryJobStore {
    override async *list(userId: UserId, range?: ListRange, options?: ListOptions) {
      for await (const page of super.list(userId, range, options))
        yield await Promise.all(page.map(async (job) => ({ ...(await this.find(userId, job.jobId)), ...job })));
    }
  },
);

suite(
  'a job store that hides records that cannot be read',
  class extends MemoryJobStore {
    override async *list(userId: UserId, range?: ListRange, { signal }: ListOptions = {}) {
      yield* super.list(userId, range, signal && { signal });
    }
  },
);

suite(
  'a job store that finds nothing if a record cannot be read',
  class extends MemoryJobStore {
    override async find(userId: UserId, jobId: JobId, options?: CallOptions) {
      return super.find(userId, jobId, options).catch((error: unknown) => {
        if (error instanceof UnreadableJob) return undefined;
        throw error;
      });
    }
  },
);

suite(
  'a job store that deletes only what it can read',
  class extends MemoryJobStore {
    override async delete(userId: UserId, jobId: JobId, options?: CallOptions) {
      if (!(await this.find(userId, jobId, options).catch(() => undefined))) return false;
      return super.delete(userId, jobId, options);
    }
  },
);

suite(
  'a job store that lists everything for no ids',
  class extends MemoryJobStore {
    override async listByIds(userId: UserId, jobIds: readonly JobId[], options?: ListOptions) {
      if (jobIds.length > 0) return super.listByIds(userId, jobIds, options);
      const all = [];
      for await (const page of this.list(userId, {}, options)) all.push(...page);
      return all;
    }
  },
);
