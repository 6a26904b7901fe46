import { Unavailable } from '@jobs-api/core';
import Database from 'libsql';

/** How long a call waits for another connection's lock. Everything else in the process waits with it. */
const BUSY_TIMEOUT_MS = 250;

/** Other programs write these tables. What they leave out of a job is NULL; the three maps are JSON. */
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

/** Opens the database, and makes it and its tables where there are none. */
export const openDatabase = (file: string): Database.Database => {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  // Readers do not wait for a writer, nor it for them.
  database.pragma('journal_mode = WAL');
  database.exec(TABLES);
  return database;
};

/** What may pass: somebody else has the lock, or the disk does not answer. https://sqlite.org/rescode.html */
const PASSING = /^SQLITE_(BUSY|LOCKED|IOERR|CANTOPEN)/;

/** Runs a statement by the rules of the ports: not once the signal has aborted, and with what may pass as {@link Unavailable}. */
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
