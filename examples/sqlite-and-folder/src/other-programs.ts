// The programs that make jobs and issue tokens. The Jobs API itself only reads and deletes.
import { randomBytes } from 'node:crypto';
import type { JobRecord } from '@jobs-api/core/testing';
import type Database from 'libsql';
import { sha256, storedUser } from './sqlite-authenticator.ts';

/** Stores a job. It replaces a job with the same key. A missing attribute is NULL. */
export const putJob = (database: Database.Database, record: JobRecord): void => {
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  const row = {
    user_id: record.userId,
    job_id: record.jobId,
    job_name: record.jobName ?? null,
    date: record.date ?? null,
    total_size: record.totalSize ?? null,
    credits_spent: record.creditsSpent ?? null,
    email: record.email ?? null,
    object_uuid_names: json(record.objectUuidNames),
    media_length: json(record.mediaLength),
    failed_to_process: json(record.failedToProcess),
    status: record.status ?? null,
  };
  const columns = Object.keys(row);
  const sql = `INSERT OR REPLACE INTO jobs (${columns.join()}) VALUES (${columns.map(() => '?').join()})`;
  database.prepare(sql).run(...Object.values(row));
};

export const issueToken = (database: Database.Database, userId: string): string => {
  const token = randomBytes(24).toString('base64url');
  database.prepare('INSERT INTO tokens (sha256, user_id) VALUES (?, ?)').run(sha256(token), storedUser(userId));
  return token;
};
