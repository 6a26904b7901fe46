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
import { z } from 'zod';
import type { Database } from './database.ts';

const PAGE_SIZE = 1000;

const SUMMARY_COLUMNS = `job_id "jobId", job_name "jobName", date, total_size "totalSize",
  credits_spent "creditsSpent", status`;
const OTHER_COLUMNS = `email, object_uuid_names "objectUuidNames", media_length "mediaLength",
  failed_to_process "failedToProcess"`;

const text = z.string().nullable();
const number = z.number().min(0).nullable();
/** PostgreSQL's `bigint` arrives as text. */
const count = text.transform((stored) => Number(stored ?? 0)).pipe(z.int().min(0));
const mapOf = <Value extends z.ZodType>(value: Value) =>
  z
    .record(z.string(), value)
    .nullable()
    .transform((entries) => entries ?? {});

const summaryRow = z.object({
  jobId: z.string().transform(parseJobId),
  jobName: text,
  date: text,
  totalSize: count,
  creditsSpent: number.transform((stored) => stored ?? 0),
  status: text.transform((status) => describeStatus(status ?? undefined)),
});

const jobRow = summaryRow.extend({
  email: text,
  objectUuidNames: mapOf(z.string()),
  mediaLength: mapOf(z.number().min(0)),
  failedToProcess: mapOf(z.string()),
});

/** Jobs in the `jobs` table of a PostgreSQL database. */
export class PostgresJobStore implements JobStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(userId: UserId, jobId: JobId, options?: CallOptions): Promise<Job | undefined> {
    const sql = `SELECT ${SUMMARY_COLUMNS}, ${OTHER_COLUMNS} FROM jobs WHERE user_id = $1 AND job_id = $2`;
    const [row] = await this.#database.query<Row>(sql, [userId, jobId], options);
    return row === undefined ? undefined : { userId, ...read(jobRow, userId, row) };
  }

  async *list(
    userId: UserId,
    { order = 'asc', after, sizeHint = PAGE_SIZE }: ListRange = {},
    options: ListOptions = {},
  ): AsyncIterable<readonly JobSummary[]> {
    const [beyond, direction, start] = order === 'asc' ? ['>', 'ASC', 0] : ['<', 'DESC', Number.MAX_SAFE_INTEGER + 1];
    const sql = `SELECT ${SUMMARY_COLUMNS} FROM jobs
      WHERE user_id = $1 AND job_id ${beyond} $2 ORDER BY job_id ${direction} LIMIT $3`;
    const pageSize = Math.min(sizeHint, PAGE_SIZE);
    let position: number | string = after ?? start;
    let rows: Row[];
    do {
      rows = await this.#database.query<Row>(sql, [userId, position, pageSize], options);
      yield readable(userId, rows, options);
      options.signal?.throwIfAborted();
      position = rows.at(-1)?.jobId ?? position;
    } while (rows.length === pageSize);
  }

  async listByIds(userId: UserId, jobIds: readonly JobId[], options: ListOptions = {}): Promise<readonly JobSummary[]> {
    const sql = `SELECT ${SUMMARY_COLUMNS} FROM jobs WHERE user_id = $1 AND job_id = ANY($2::bigint[])`;
    return readable(userId, await this.#database.query<Row>(sql, [userId, jobIds], options), options);
  }

  async delete(userId: UserId, jobId: JobId, options?: CallOptions): Promise<boolean> {
    const sql = 'DELETE FROM jobs WHERE user_id = $1 AND job_id = $2 RETURNING 1';
    return (await this.#database.query(sql, [userId, jobId], options)).length > 0;
  }
}

interface Row {
  readonly jobId: string;
}

/** @throws UnreadableJob */
const read = <Result>(schema: z.ZodType<Result>, userId: UserId, row: Row): Result => {
  const { data, error } = schema.safeParse(row);
  if (error) throw new UnreadableJob(userId, row.jobId, z.prettifyError(error));
  return data;
};

const readable = (userId: UserId, rows: readonly Row[], { onUnreadable }: ListOptions): JobSummary[] =>
  rows.flatMap((row) => {
    try {
      return [read(summaryRow, userId, row)];
    } catch (error) {
      if (!(error instanceof UnreadableJob)) throw error;
      onUnreadable?.(error);
      return [];
    }
  });
