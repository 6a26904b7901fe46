import {
  JobNotFound,
  type Jobs,
  type JobSummary,
  type JobWithLinks,
  type UnreadableJob,
  type UserId,
} from '@jobs-api/core';

/** Longest time for the report of one user, in milliseconds. */
const DEADLINE_MS = 60_000;

/** Returns the report of one user: how many jobs have which status, and what failed, with links to the files. */
export const reportFor = async (jobs: Jobs, userId: UserId): Promise<string> => {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const unreadable: UnreadableJob[] = [];
  const { jobs: all } = await jobs.listJobs(userId, {}, { signal, onUnreadable: (error) => unreadable.push(error) });

  const lines = [`${userId}: ${all.length} jobs`];
  for (const [meaning, count] of countByMeaning(all)) lines.push(`  ${count} × ${meaning}`);
  for (const { message } of unreadable) lines.push(`  ${message}`);
  for (const { jobId, status } of all)
    if (status.hasResults || status.code.startsWith('failed_')) {
      const found = await jobs.getJob(userId, jobId, { signal, objectUrls: true }).catch(ifDeleted);
      if (found) lines.push(...troubleOf(found));
    }
  return `${lines.join('\n')}\n\n`;
};

const countByMeaning = (jobs: readonly JobSummary[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { status } of jobs) counts.set(status.meaning, (counts.get(status.meaning) ?? 0) + 1);
  return counts;
};

/** Ignores that a job was deleted after it was listed. */
const ifDeleted = (error: unknown): undefined => {
  if (!(error instanceof JobNotFound)) throw error;
};

const troubleOf = ({ job, objectUrls }: JobWithLinks): string[] => {
  const failures = Object.entries(job.failedToProcess).map(
    ([uuid, reason]) => `    ${job.objectUuidNames[uuid] ?? uuid}: ${reason}, see ${objectUrls?.[uuid] ?? 'no file'}`,
  );
  if (failures.length === 0 && job.status.hasResults) return [];
  return [`  Job ${job.jobId} (${job.jobName ?? 'no name'}): ${job.status.meaning}`, ...failures];
};
