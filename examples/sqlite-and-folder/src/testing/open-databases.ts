import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { openDatabase } from '../database.ts';
import { putJob } from '../other-programs.ts';

/** Opens three databases in a new folder: one that works, one that is locked, and one without its table of jobs. */
export const openDatabases = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sqlite-'));
  const database = openDatabase(join(folder, 'jobs.db'));
  const locked = openDatabase(join(folder, 'locked.db'));
  locked.pragma('journal_mode = DELETE');
  const holder = new Database(join(folder, 'locked.db'));
  holder.exec('BEGIN EXCLUSIVE');
  const dropped = openDatabase(join(folder, 'dropped.db'));
  dropped.exec('DROP TABLE jobs');
  const close = async () => {
    for (const each of [database, locked, holder, dropped]) each.close();
    await rm(folder, { recursive: true });
  };
  return { database, locked, dropped, close };
};

/** Stores a job whose size is not a number. */
export const putUnreadableJob = (database: Database.Database, userId: string, jobId: number): void => {
  putJob(database, { userId, jobId });
  database.prepare("UPDATE jobs SET total_size = 'much' WHERE user_id = ? AND job_id = ?").run(userId, jobId);
};
