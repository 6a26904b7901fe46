import { parseJobDate, type Instant } from './job-date.ts';
import type { KnownStatusCode } from './job-status.ts';
import type { JobSummary } from './job.ts';

/** Criteria for the jobs of a list. A job has to match every one that is given. */
export interface JobFilter {
  /** The job has one of these codes. */
  readonly statuses?: readonly KnownStatusCode[] | undefined;
  /** The job's name contains this text, ignoring case. */
  readonly name?: string | undefined;
  /** The job's date is this instant or later. A job whose date cannot be parsed does not match. */
  readonly createdAfter?: Instant | undefined;
  /** The job's date is earlier than this instant. A job whose date cannot be parsed does not match. */
  readonly createdBefore?: Instant | undefined;
}

/** Returns a function that returns whether a job matches, or `undefined` if there is no criterion. */
export const jobMatcher = ({
  statuses,
  name,
  createdAfter,
  createdBefore,
}: JobFilter): ((job: JobSummary) => boolean) | undefined => {
  const criteria: ((job: JobSummary) => boolean)[] = [];
  if (statuses) {
    const codes = new Set<string>(statuses);
    criteria.push(({ status }) => codes.has(status.code));
  }
  if (name !== undefined) {
    const part = ignoringCase(name);
    criteria.push(({ jobName }) => jobName !== null && ignoringCase(jobName).includes(part));
  }
  if (createdAfter !== undefined || createdBefore !== undefined)
    criteria.push(({ date }) => {
      const instant = parseJobDate(date);
      if (instant === undefined || instant < (createdAfter ?? instant)) return false;
      return createdBefore === undefined || instant < createdBefore;
    });
  return criteria.length === 0 ? undefined : (job) => criteria.every((matches) => matches(job));
};

/** Lower case alone is not enough: a capital sigma has another lower-case form at the end of a word. */
const ignoringCase = (text: string): string => text.toLowerCase().toUpperCase();
