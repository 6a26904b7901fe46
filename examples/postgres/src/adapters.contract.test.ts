import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createJobs } from '@jobs-api/core';
import { MemoryAuthenticator, MemoryObjectStore } from '@jobs-api/core/testing';
import { describeJobStore } from '@jobs-api/core/testing/contracts';
import { createApp, createLogger } from '@jobs-api/http-express';
import { describeHttpApi, overSocket } from '@jobs-api/http-express/testing/contracts';
import { Client } from 'pg';
import { Database } from './database.ts';
import { putJob } from './other-programs.ts';
import { PostgresJobStore } from './postgres-job-store.ts';
import { PostgresServer } from './server-for-tests.ts';

const start = async () => {
  const server = await PostgresServer.start();
  const { connectionString } = server;
  const database = new Database(connectionString);
  await database.createTables();
  const putUnreadable = async (userId: string, jobId: number): Promise<void> => {
    await putJob(database, { userId, jobId });
    await database.query('UPDATE jobs SET total_size = -1 WHERE user_id = $1 AND job_id = $2', [userId, jobId]);
  };
  const close = async () => {
    await database.close();
    await server.close();
  };
  return { database, connectionString, store: new PostgresJobStore(database), putUnreadable, close };
};

describeJobStore('PostgresJobStore', async () => {
  const { database, connectionString, store, putUnreadable, close } = await start();
  // Port 9 is the discard port: nothing listens there.
  const nowhere = new Database('postgres://jobs@127.0.0.1:9/postgres');
  const withoutTables = new Database(connectionString.replace(/postgres$/, 'template1'));
  return {
    store,
    unreachable: new PostgresJobStore(nowhere),
    refused: new PostgresJobStore(withoutTables),
    put: (record) => putJob(database, record),
    putUnreadable,
    stall: async () => {
      const client = new Client({ connectionString });
      await client.connect();
      await client.query('BEGIN');
      await client.query('LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE');
      return () => client.end();
    },
    close: async () => {
      await nowhere.close();
      await withoutTables.close();
      await close();
    },
  };
});

describeHttpApi('createApp on PostgreSQL', async () => {
  const { database, store, putUnreadable, close } = await start();
  const [objectStore, authenticator] = [new MemoryObjectStore(), new MemoryAuthenticator()];
  const app = createApp({
    jobs: createJobs({ jobStore: store, objectStore }),
    authenticator,
    logger: createLogger({ level: 'silent' }),
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    send: overSocket(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    issueToken: async (userId) => authenticator.issueToken(userId),
    putJob: (record) => putJob(database, record),
    putUnreadableJob: putUnreadable,
    hasJob: async (userId, jobId) => {
      const rows = await database.query('SELECT 1 FROM jobs WHERE user_id = $1 AND job_id = $2', [userId, jobId]);
      return rows.length > 0;
    },
    putObject: async (key, body) => objectStore.put(key, body),
    contents: async (prefix) => objectStore.contents(prefix),
    get: async (url) => {
      const [body, name] = [objectStore.get(url), objectStore.downloadName(url)];
      return body === undefined
        ? undefined
        : { body, contentDisposition: name ? `attachment; filename="${name}"` : null };
    },
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      await close();
    },
  };
});
