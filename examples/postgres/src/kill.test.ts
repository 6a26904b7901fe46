import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseJobId, parseUserId, type Job } from '@jobs-api/core';
import { Client } from 'pg';
import { Database } from './database.ts';
import { putJob } from './other-programs.ts';
import { PostgresJobStore } from './postgres-job-store.ts';
import { PostgresServer } from './testing/postgres-server.ts';

const alice = parseUserId('alice');

let server: PostgresServer;
let database: Database;
let store: PostgresJobStore;

beforeEach(async () => {
  server = await PostgresServer.start();
  database = new Database(server.connectionString, { maxConnections: 3 });
  store = new PostgresJobStore(database);
  await database.createTables();
  await putJob(database, { userId: alice, jobId: 1, status: 'success' });
});

afterEach(async () => {
  await database.close();
  await server.close();
});

const find = (jobId: number, signal?: AbortSignal): Promise<Job | undefined> =>
  store.find(alice, parseJobId(jobId), signal ? { signal } : {});

/** A connection of another program. */
const connect = async (): Promise<Client> => {
  const client = new Client({ connectionString: server.connectionString });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

/** A connection of another program that holds the lock of the table until it ends. */
const lockTable = async (): Promise<Client> => {
  const client = await connect();
  await client.query('BEGIN; LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE');
  return client;
};

/** Resolves when that many statements wait for a lock. */
const untilWaiting = async (expected: number): Promise<void> => {
  const sql = `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
  const client = await connect();
  for (;;) {
    const { rows } = await client.query<{ waiting: number }>(sql);
    if (rows[0]?.waiting === expected) break;
    await sleep(20);
  }
  await client.end();
};

describe('PostgresJobStore, while another program holds the lock of the table,', () => {
  test('rejects with the reason of the signal, and the server ends the statement', async () => {
    const holder = await lockTable();
    const abort = new AbortController();
    const calls = [1, 2, 3].map((jobId) => find(jobId, abort.signal));
    await untilWaiting(3);
    const reason = new Error('the client left');
    abort.abort(reason);
    for (const call of calls) await expect(call).rejects.toBe(reason);
    await untilWaiting(0);
    await holder.end();
    expect(await find(1)).toMatchObject({ jobId: 1 });
  });

  test('rejects a call that waits for a free connection, and does not lose that connection', async () => {
    const holder = await lockTable();
    const waiting = [1, 2, 3].map((jobId) => find(jobId));
    await untilWaiting(3);
    const abort = new AbortController();
    const fourth = find(1, abort.signal);
    const reason = new Error('the client left');
    abort.abort(reason);
    await expect(fourth).rejects.toBe(reason);
    await holder.end();
    await Promise.all(waiting);
    expect(await Promise.all([1, 1, 1, 1, 1, 1].map((jobId) => find(jobId)))).toHaveLength(6);
  });

  test('leaves the job as it is if a delete is aborted', async () => {
    const holder = await lockTable();
    const abort = new AbortController();
    const deletion = store.delete(alice, parseJobId(1), { signal: abort.signal });
    await untilWaiting(1);
    abort.abort(new Error('the deadline'));
    await expect(deletion).rejects.toThrow('the deadline');
    await untilWaiting(0);
    await holder.end();
    expect(await find(1)).toMatchObject({ jobId: 1 });
  });
});

describe('PostgresJobStore, when the server', () => {
  test('crashes, is unavailable until it is back, and keeps what it confirmed', async () => {
    await putJob(database, { userId: alice, jobId: 2, status: 'queued' });
    await store.delete(alice, parseJobId(1));
    await lockTable();
    const calls = [find(2), find(2)];
    await untilWaiting(2);
    const settled = Promise.allSettled(calls);
    await server.signal('SIGKILL');
    expect(await settled).toMatchObject([
      { status: 'rejected', reason: { code: 'UNAVAILABLE' } },
      { status: 'rejected', reason: { code: 'UNAVAILABLE' } },
    ]);
    await expect(find(2)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await server.restart();
    expect(await find(1)).toBeUndefined();
    expect(await find(2)).toMatchObject({ jobId: 2 });
  });

  test('stops, is unavailable, and works with the next server', async () => {
    await server.signal('SIGINT');
    await expect(find(1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await server.restart();
    expect(await find(1)).toMatchObject({ jobId: 1 });
  });

  test('does not respond, rejects at the signal, and works when it responds again', async () => {
    const holder = await lockTable();
    const abort = new AbortController();
    const calls = [find(1, abort.signal), find(1, abort.signal)];
    await untilWaiting(2);
    await server.signal('SIGSTOP');
    const reason = new Error('the deadline');
    abort.abort(reason);
    for (const call of calls) await expect(call).rejects.toBe(reason);
    await server.signal('SIGCONT');
    await holder.end();
    expect(await find(1)).toMatchObject({ jobId: 1 });
  });
});

describe('The service on PostgreSQL', () => {
  test('returns 503 at the deadline while the table is locked, and exits 0 at SIGTERM', async () => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--conditions=source', fileURLToPath(new URL('start.ts', import.meta.url))],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          ...process.env,
          DATABASE_URL: server.connectionString,
          PORT: '0',
          HOST: '127.0.0.1',
          REQUEST_TIMEOUT_SECONDS: '1',
          DRAIN_SECONDS: '0',
        },
      },
    );
    const exit = once(child, 'exit');
    try {
      let printed = '';
      for await (const chunk of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
        printed += String(chunk);
        if (/Authorization.*\n/.test(printed)) break;
      }
      child.stdout.resume();
      const [, token = '', url = ''] = /Authorization: (\S+)" (\S+)/.exec(printed) ?? [];
      const list = () => fetch(url, { headers: { Authorization: token } });
      expect((await list()).status).toBe(200);
      const holder = await lockTable();
      expect((await list()).status).toBe(503);
      await untilWaiting(0);
      await holder.end();
      expect((await list()).status).toBe(200);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await exit).toEqual([0, null]);
  });
});
