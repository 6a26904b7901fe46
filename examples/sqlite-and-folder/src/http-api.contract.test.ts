import { createJobs } from '@jobs-api/core';
import { createApp, createLogger } from '@jobs-api/http-express';
import { describeHttpApi, overSocket } from '@jobs-api/http-express/testing/contracts';
import { issueToken, putJob } from './other-programs.ts';
import { folderHarness } from './testing/folder-harness.ts';
import { putUnreadableJob } from './testing/open-databases.ts';
import { startAdapters, startServer } from './testing/start-adapters.ts';

describeHttpApi('createApp on SQLite and a folder', async () => {
  const { database, jobStore, objectStore, authenticator, readinessChecks, objects, close } = await startAdapters();
  const [jobs, logger] = [createJobs({ jobStore, objectStore }), createLogger({ level: 'silent' })];
  const server = await startServer(createApp({ jobs, authenticator, logger, readinessChecks }));
  const record = database.prepare('SELECT 1 FROM jobs WHERE user_id = ? AND job_id = ?');
  const { contents, get } = folderHarness(objects);
  return {
    send: overSocket(server.url),
    issueToken: async (userId) => issueToken(database, userId),
    putJob: async (job) => putJob(database, job),
    putUnreadableJob: async (userId, jobId) => putUnreadableJob(database, userId, jobId),
    hasJob: async (userId, jobId) => record.get(userId, jobId) !== undefined,
    putObject: (key, body) => objectStore.put(key, body),
    contents,
    get,
    close: async () => {
      await server.close();
      await close();
    },
  };
});
