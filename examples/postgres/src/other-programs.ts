import type { JobRecord } from '@jobs-api/core/testing';
import type { Database } from './database.ts';

/** Stores a job as the programs that make jobs do. It replaces a job with the same key. */
export const putJob = async (database: Database, record: JobRecord): Promise<void> => {
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
  const sql = `INSERT INTO jobs (${columns.join()}) VALUES (${columns.map((_, index) => `$${index + 1}`).join()})
    ON CONFLICT (user_id, job_id) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join()}`;
  await database.query(sql, Object.values(row));
};
