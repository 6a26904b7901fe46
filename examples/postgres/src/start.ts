// The Jobs API on port 3000 with its jobs in the PostgreSQL database at DATABASE_URL. Files and tokens are in memory:
// replace those two adapters by your own.
import { createJobs } from '@jobs-api/core';
import { MemoryAuthenticator, MemoryObjectStore } from '@jobs-api/core/testing';
import { readHttpConfig, startService } from '@jobs-api/http-express';
import { Database } from './database.ts';
import { putJob } from './other-programs.ts';
import { PostgresJobStore } from './postgres-job-store.ts';

const { DATABASE_URL } = process.env;
const { config, problems } = readHttpConfig(process.env);
if (problems) throw new Error(problems.join('\n'));
if (!DATABASE_URL)
  throw new Error('DATABASE_URL is missing: it must be such as postgres://user:password@host/database');

const database = new Database(DATABASE_URL);
await database.createTables();
await putJob(database, { userId: 'alice', jobId: 1, jobName: 'Something to read', status: 'queued' });

const authenticator = new MemoryAuthenticator();
const jobStore = new PostgresJobStore(database);
const { port } = await startService({
  jobs: createJobs({ jobStore, objectStore: new MemoryObjectStore() }),
  authenticator,
  config,
  readinessChecks: { database: () => database.ping() },
});
const token = authenticator.issueToken('alice');
process.stdout.write(`curl -H "Authorization: ${token}" http://127.0.0.1:${port}/api/v1/jobs/list\n`);
