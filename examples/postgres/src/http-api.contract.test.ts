import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createJobs } from '@jobs-api/core';
import { MemoryAuthenticator, MemoryObjectStore } from '@jobs-api/core/testing';
import { createApp, createLogger } from '@jobs-api/http-express';
import { describeHttpApi, overSocket } from '@jobs-api/http-express/testing/contracts';
import { putJob } from './other-programs.ts';
import { PostgresJobStore } from './postgres-job-store.ts';
import { startDatabase } from './testing/start-database.ts';

describeHttpApi('createApp on PostgreSQL', async () => {
  const { database, putUnreadable, hasJob, close } = await startDatabase();
  const [objectStore, authenticator] = [new MemoryObjectStore(), new MemoryAuthenticator()];
  const jobs = createJobs({ jobStore: new PostgresJobStore(database), objectStore });
  const app = createApp({ jobs, authenticator, logger: createLogger({ level: 'silent' }) });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    send: overSocket(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    issueToken: async (userId) => authenticator.issueToken(userId),
    putJob: (record) => putJob(database, record),
    putUnreadableJob: putUnreadable,
    hasJob,
    putObject: async (key, body) => objectStore.put(key, body),
    contents: async (prefix) => objectStore.contents(prefix),
    get: async (url) => objectStore.download(url),
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      await close();
    },
  };
});
