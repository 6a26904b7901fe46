import { describeJobStore } from '@jobs-api/core/testing/contracts';
import { Database } from './database.ts';
import { putJob } from './other-programs.ts';
import { PostgresJobStore } from './postgres-job-store.ts';
import { startDatabase } from './testing/start-database.ts';

describeJobStore('PostgresJobStore', async () => {
  const { database, connectionString, putUnreadable, stall, close } = await startDatabase();
  // Port 9 is the discard port: nothing listens there.
  const nowhere = new Database('postgres://jobs@127.0.0.1:9/postgres');
  const withoutTables = new Database(connectionString.replace(/postgres$/, 'template1'));
  return {
    store: new PostgresJobStore(database),
    unreachable: new PostgresJobStore(nowhere),
    refused: new PostgresJobStore(withoutTables),
    put: (record) => putJob(database, record),
    putUnreadable,
    stall,
    close: async () => {
      await Promise.all([nowhere.close(), withoutTables.close()]);
      await close();
    },
  };
});
