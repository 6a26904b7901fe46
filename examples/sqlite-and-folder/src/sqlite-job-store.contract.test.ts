import { describeJobStore } from '@jobs-api/core/testing/contracts';
import { putJob } from './other-programs.ts';
import { SqliteJobStore } from './sqlite-job-store.ts';
import { openDatabases, putUnreadableJob } from './testing/open-databases.ts';

describeJobStore('SqliteJobStore', async () => {
  const { database, locked, dropped, close } = await openDatabases();
  return {
    store: new SqliteJobStore(database),
    unreachable: new SqliteJobStore(locked),
    refused: new SqliteJobStore(dropped),
    put: async (record) => putJob(database, record),
    putUnreadable: async (userId, jobId) => putUnreadableJob(database, userId, jobId),
    close,
  };
});
