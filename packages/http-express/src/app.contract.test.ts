import { createServer } from 'node:http';
import { createJobs } from '@jobs-api/core';
import { MemoryAuthenticator, MemoryJobStore, MemoryObjectStore } from '@jobs-api/core/testing';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { describeHttpApi, overSocket } from './testing/contracts.ts';

describeHttpApi('createApp with the in-memory adapters, on a socket,', async () => {
  const [jobStore, objectStore, authenticator] = [
    new MemoryJobStore(),
    new MemoryObjectStore(),
    new MemoryAuthenticator(),
  ];
  const app = createApp({
    jobs: createJobs({ jobStore, objectStore }),
    authenticator,
    logger: pino({ level: 'silent' }),
  });
  const server = createServer(app);
  return {
    send: overSocket(await listen(server)),
    issueToken: async (userId) => authenticator.issueToken(userId),
    putJob: async (record) => jobStore.put(record),
    putUnreadableJob: async (userId, jobId) => jobStore.putUnreadable(userId, jobId),
    hasJob: async (userId, jobId) => jobStore.has(userId, jobId),
    putObject: async (key, body) => objectStore.put(key, body),
    contents: async (prefix) => objectStore.contents(prefix),
    get: async (url) => {
      const [body, name] = [objectStore.get(url), objectStore.downloadName(url)];
      return body === undefined
        ? undefined
        : { body, contentDisposition: name ? `attachment; filename="${name}"` : null };
    },
    close: () => closeServer(server),
  };
});
