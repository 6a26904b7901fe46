import { readAwsConfig } from './config.ts';
import { Orphans, type Orphan } from './orphans.ts';

export interface OrphanReportOptions {
  /** A number and `s`, `m`, `h` or `d`, such as `24h`. */
  readonly olderThan: string;
  readonly isDelete: boolean;
}

interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

const MS_BY_UNIT = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PROGRESS_INTERVAL_MS = 200;

/** @throws Error if the text is not an age */
export const parseAge = (text: string): number => {
  const [, count, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new Error('--older-than must be a number and s, m, h or d, such as 24h.');
  return Number(count) * MS_BY_UNIT[unit as keyof typeof MS_BY_UNIT];
};

const lineOf = ({ userId, jobId, record, objects, uploads, bytes, newest }: Orphan): string =>
  `${JSON.stringify({ user_id: userId, job_id: jobId, record, objects, uploads, bytes, newest: newest ?? null })}\n`;

/** Writes each orphan, and deletes it if that was requested. Returns whether nothing failed. */
export const reportOrphans = async (
  env: Readonly<Record<string, string | undefined>>,
  { olderThan, isDelete }: OrphanReportOptions,
  output: Output,
  errors: Output,
): Promise<boolean> => {
  // It verifies no tokens, so it also runs on a host without a configured issuer.
  const { config, problems } = readAwsConfig(env, { tokens: false });
  if (!config) {
    errors.write(`${problems.join('\n')}\n`);
    return false;
  }
  const search = new Orphans(config, { writtenBefore: new Date(Date.now() - parseAge(olderThan)) });
  const summary = { jobs: 0, objects: 0, uploads: 0, bytes: 0 };
  let isComplete = true;
  const fail = (what: string, error: unknown) => {
    isComplete = false;
    errors.write(`${what}: ${String(error).slice(0, 500)}\n`);
  };

  const progress = () => `\r${search.jobsCompared} jobs compared, ${summary.jobs} orphans`;
  const timer = errors.isTTY ? setInterval(() => errors.write(progress()), PROGRESS_INTERVAL_MS) : undefined;
  try {
    for await (const orphan of search.find()) {
      try {
        if (isDelete && !(await search.remove(orphan))) continue;
      } catch (error) {
        fail(`job ${orphan.jobId} of ${orphan.userId} was not deleted`, error);
        continue;
      }
      output.write(lineOf(orphan));
      summary.jobs++;
      for (const key of ['objects', 'uploads', 'bytes'] as const) summary[key] += orphan[key];
    }
  } catch (error) {
    fail('the search ended early', error);
  } finally {
    clearInterval(timer);
  }
  if (errors.isTTY) errors.write(`${progress()}\n`);
  output.write(
    `${JSON.stringify({ summary: { ...summary, deleted: isDelete && isComplete, foreign_keys: search.foreignKeys } })}\n`,
  );
  return isComplete;
};
