import {
  describeStatus,
  parseJobId,
  UnreadableJob,
  type CallOptions,
  type Job,
  type JobId,
  type JobStore,
  type JobSummary,
  type ListOptions,
  type ListRange,
  type UserId,
} from '@jobs-api/core';
import type Database from 'libsql';
import { z } from 'zod';
import { query } from './database.ts';

const PAGE_SIZE = 100;

const SUMMARY_COLUMNS =
  'job_id jobId, job_name jobName, date, total_size totalSize, credits_spent creditsSpent, status';
const OTHER_COLUMNS =
  'email, object_uuid_names objectUuidNames, media_length mediaLength, failed_to_process failedToProcess';

const text = z.string().nullable();
const count = z
  .int()
  .min(0)
  .nullable()
  .transform((value) => value ?? 0);
const map = <Value extends z.ZodType>(value: Value) =>
  text
    .transform(parseJson)
    .pipe(z.record(z.string(), value).nullable())
    .transform((entries) => entries ?? {});

const summaryRow = z.object({
  jobId: z.int().min(1).transform(parseJobId),
  jobName: text,
  date: text,
  totalSize: count,
  creditsSpent: count,
  status: text.transform((status) => describeStatus(status ?? undefined)),
});

const jobRow = summaryRow.extend({
  email: text,
  objectUuidNames: map(z.string()),
  mediaLength: map(z.number().min(0)),
  failedToProcess: map(z.string()),
});

/** Jobs in the `jobs` table of a SQLite database. */
export class SqliteJobStore implements JobStore {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  async find(userId: UserId, jobId: JobId, { signal }: CallOptions = {}): Promise<Job | undefined> {
    const sql = `SELECT ${SUMMARY_COLUMNS}, ${OTHER_COLUMNS} FROM jobs WHERE user_id = ? AND job_id = ?`;
    const row = query(signal, () => this.#database.prepare(sql).get(userId, jobId));
    return row === undefined ? undefined : { userId, ...read(jobRow, userId, row as Row) };
  }

  async *list(
    userId: UserId,
    { order = 'asc', after, sizeHint = PAGE_SIZE }: ListRange = {},
    { signal, onUnreadable }: ListOptions = {},
  ): AsyncIterable<readonly JobSummary[]> {
    const [beyond, direction, start] = order === 'asc' ? ['>', 'ASC', 0] : ['<', 'DESC', Number.MAX_SAFE_INTEGER + 1];
    const sql = `SELECT ${SUMMARY_COLUMNS} FROM jobs
      WHERE user_id = ? AND job_id ${beyond} ? ORDER BY job_id ${direction} LIMIT ?`;
    const pageSize = Math.min(sizeHint, PAGE_SIZE);
    let position: unknown = after ?? start;
    let rows: Row[];
    do {
      rows = query(signal, () => this.#database.prepare(sql).all(userId, position, pageSize)) as Row[];
      yield readable(userId, rows, onUnreadable);
      position = rows.at(-1)?.jobId;
    } while (rows.length === pageSize);
  }

  async listByIds(
    userId: UserId,
    jobIds: readonly JobId[],
    { signal, onUnreadable }: ListOptions = {},
  ): Promise<readonly JobSummary[]> {
    const sql = `SELECT ${SUMMARY_COLUMNS} FROM jobs
      WHERE user_id = ? AND job_id IN (SELECT value FROM json_each(?))`;
    const rows = query(signal, () => this.#database.prepare(sql).all(userId, JSON.stringify(jobIds))) as Row[];
    return readable(userId, rows, onUnreadable);
  }

  async delete(userId: UserId, jobId: JobId, { signal }: CallOptions = {}): Promise<boolean> {
    const sql = 'DELETE FROM jobs WHERE user_id = ? AND job_id = ?';
    return query(signal, () => this.#database.prepare(sql).run(userId, jobId)).changes > 0;
  }
}

interface Row {
  readonly jobId: unknown;
}

function parseJson(value: string | null, context: z.RefinementCtx): unknown {
  try {
    return value === null ? null : JSON.parse(value);
  } catch {
    context.addIssue('is not JSON');
    return z.NEVER;
  }
}

/** @throws UnreadableJob */
const read = <Result>(schema: z.ZodType<Result>, userId: UserId, row: Row): Result => {
  const { data, error } = schema.safeParse(row);
  if (error) throw new UnreadableJob(userId, String(row.jobId), z.prettifyError(error));
  return data;
};

const readable = (userId: UserId, rows: readonly Row[], onUnreadable: ListOptions['onUnreadable']): JobSummary[] =>
  rows.flatMap((row) => {
    try {
      return [read(summaryRow, userId, row)];
    } catch (error) {
      if (!(error instanceof UnreadableJob)) throw error;
      onUnreadable?.(error);
      return [];
    }
  });
