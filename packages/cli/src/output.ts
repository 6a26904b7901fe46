import { jobDate, type JobSummary } from '@jobs-api/client';

export const print = (line: string): void => void process.stdout.write(`${line}\n`);
export const printError = (line: string): void => void process.stderr.write(`jobs-api: ${visible(line)}\n`);
/** Prints a value on one line, for programs. */
export const printJson = (value: unknown): void => print(JSON.stringify(value));

/**
 * Text from outside as a terminal can show it safely: without control characters, which could move the cursor or
 * change the title, and without those that reverse the direction of what follows.
 */
export const visible = (text: string): string => text.replaceAll(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, '\ufffd');

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `87.9 kB` */
export const size = (bytes: number): string => {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  return `${Math.round((bytes / 1000 ** power) * 10) / 10} ${UNITS[power]}`;
};

/** `2020-01-01 12:00`, in UTC; the job's own text if that is not a date. */
export const date = (job: Pick<JobSummary, 'date'>): string =>
  jobDate(job)?.toISOString().slice(0, 16).replace('T', ' ') ?? visible(job.date ?? '-');

export const statusOf = ({ status, progress_percent: percent }: Pick<JobSummary, 'status' | 'progress_percent'>) =>
  visible(percent === undefined ? status : `${status} ${percent}%`);

/** Widths of all columns but the last, which has the names. A longer value pushes its own line only. */
const COLUMNS = [8, 28, 16, 10];

const row = (cells: readonly string[]): string =>
  cells
    .map((cell, index) => cell.padEnd(COLUMNS[index] ?? 0))
    .join('  ')
    .trimEnd();

export const printJobsHeader = (): void => print(row(['ID', 'STATUS', 'DATE (UTC)', 'SIZE', 'NAME']));

export const printJob = (job: JobSummary): void =>
  print(row([String(job.job_id), statusOf(job), date(job), size(job.total_size), visible(job.job_name ?? '-')]));
