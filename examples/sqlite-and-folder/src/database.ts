import { Unavailable } from '@jobs-api/core';
import Database from 'libsql';

/** Longest wait for another connection's lock, in milliseconds. It blocks the whole process. */
const BUSY_TIMEOUT_MS = 250;

/** Other programs write these tables. A column that they leave out is NULL; the three maps are JSON objects. */
const TABLES = `
  CREATE TABLE IF NOT EXISTS jobs (
    user_id TEXT NOT NULL,
    job_id INTEGER NOT NULL CHECK (job_id BETWEEN 1 AND ${Number.MAX_SAFE_INTEGER}),
    job_name TEXT,
    date TEXT,
    total_size INTEGER,
    credits_spent INTEGER,
    email TEXT,
    object_uuid_names TEXT,
    media_length TEXT,
    failed_to_process TEXT,
    status TEXT,
    PRIMARY KEY (user_id, job_id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tokens (sha256 TEXT PRIMARY KEY, user_id TEXT NOT NULL) WITHOUT ROWID;
`;

/** Opens the database. Creates it and its tables if there are none. */
export const openDatabase = (file: string): Database.Database => {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  // With a write-ahead log, readers and a writer do not wait for each other.
  database.pragma('journal_mode = WAL');
  database.exec(TABLES);
  return database;
};

/** Result codes after which a retry may succeed: a lock, or a disk that fails. https://sqlite.org/rescode.html */
const PASSING = /^SQLITE_(BUSY|LOCKED|IOERR|CANTOPEN)/;

/**
 * Runs a statement.
 *
 * @throws Unavailable if a retry may succeed; the reason of `signal` if it has aborted
 */
export const query = <Result>(signal: AbortSignal | undefined, run: () => Result): Result => {
  signal?.throwIfAborted();
  try {
    return run();
  } catch (error) {
    if (error instanceof Database.SqliteError && PASSING.test(error.code))
      throw new Unavailable(`SQLite failed: ${error.message}`, { cause: error });
    throw error;
  }
};
