import { createServer } from 'node:http';
import { createJobs } from '@jobs-api/core';
import { MemoryAuthenticator, MemoryJobStore, MemoryObjectStore } from '@jobs-api/core/testing';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { describeHttpApi, overSocket } from './testing/contracts.ts';

describeHttpApi('createApp with the in-memory adapters, on a socket,', async () => {
  const [jobStore, objectStore] = [new MemoryJobStore(), new MemoryObjectStore()];
  const [authenticator, logger] = [new MemoryAuthenticator(), pino({ level: 'silent' })];
  const server = createServer(createApp({ jobs: createJobs({ jobStore, objectStore }), authenticator, logger }));
  return {
    send: overSocket(await listen(server)),
    issueToken: async (userId) => authenticator.issueToken(userId),
    putJob: async (record) => jobStore.put(record),
    putUnreadableJob: async (userId, jobId) => jobStore.putUnreadable(userId, jobId),
    hasJob: async (userId, jobId) => jobStore.has(userId, jobId),
    putObject: async (key, body) => objectStore.put(key, body),
    contents: async (prefix) => objectStore.contents(prefix),
    get: async (url) => objectStore.download(url),
    close: () => closeServer(server),
  };
});
