import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseJobId, parseUserId } from '@jobs-api/core';
import type Database from 'libsql';
import { openDatabase } from './database.ts';
import { putJob } from './other-programs.ts';
import { SqliteJobStore } from './sqlite-job-store.ts';

const [userId, jobId] = [parseUserId('alice'), parseJobId(1)];
let directory: string;
let database: Database.Database;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sqlite-'));
  database = openDatabase(join(directory, 'jobs.db'));
});

afterEach(async () => {
  database.close();
  await rm(directory, { recursive: true });
});

test.each([
  ['total_size', -1],
  ['total_size', 1.5],
  ['credits_spent', 'many'],
  ['object_uuid_names', 'no JSON'],
  ['object_uuid_names', '["a.png"]'],
  ['media_length', '{"a.wav":-1}'],
  ['media_length', '{"a.wav":"12"}'],
  ['failed_to_process', '{"a.wav":null}'],
])('a job with the %s %j is unreadable and can be deleted', async (column, value) => {
  const store = new SqliteJobStore(database);
  putJob(database, { userId, jobId });
  database.prepare(`UPDATE jobs SET ${column} = ?`).run(value);
  await expect(store.find(userId, jobId)).rejects.toMatchObject({ code: 'UNREADABLE_JOB', storedJobId: '1' });
  await store.delete(userId, jobId);
  expect(await store.find(userId, jobId)).toBeUndefined();
});

test('jobs are still stored when the database is opened again', async () => {
  putJob(database, { userId, jobId, status: 'queued' });
  database.close();
  database = openDatabase(join(directory, 'jobs.db'));
  expect(await new SqliteJobStore(database).find(userId, jobId)).toMatchObject({ status: { code: 'queued' } });
});

test('a job id of 0 is rejected by the table', () => {
  expect(() => putJob(database, { userId, jobId: 0 })).toThrow('CHECK constraint failed');
});
