import { expect, test } from '@jest/globals';
import { createJobs, parseUserId, Unavailable } from '@jobs-api/core';
import { MemoryJobStore, MemoryObjectStore } from '@jobs-api/core/testing';
import { reportFor } from './report.ts';

const userId = parseUserId('alice');

const start = () => {
  const [jobStore, objectStore] = [new MemoryJobStore(), new MemoryObjectStore()];
  return { jobStore, objectStore, jobs: createJobs({ jobStore, objectStore }) };
};

test('reportFor counts 0 jobs for a user without jobs', async () => {
  expect(await reportFor(start().jobs, userId)).toBe('alice: 0 jobs\n\n');
});

test('reportFor counts jobs by the meaning of their status, and links the files that failed', async () => {
  const { jobs, jobStore, objectStore } = start();
  jobStore.put({ userId: 'alice', jobId: 1, status: 'queued' });
  jobStore.put({ userId: 'alice', jobId: 2, status: 'queued' });
  jobStore.put({
    userId: 'alice',
    jobId: 3,
    jobName: 'Holiday',
    status: 'success_credits_restored',
    objectUuidNames: { 'a.png': 'beach.png', 'b.wav': 'waves.wav' },
    failedToProcess: { 'b.wav': 'silence' },
  });
  jobStore.put({ userId: 'alice', jobId: 4, status: 'failed_critical' });
  jobStore.put({ userId: 'bob', jobId: 5, status: 'failed_critical' });
  objectStore.put('alice/3/b.wav', 'waves');

  const [link] = /memory:\S+/.exec(await reportFor(jobs, userId)) as unknown as [string];
  expect(objectStore.get(link)).toBe('waves');
  expect((await reportFor(jobs, userId)).replace(/memory:\S+/, 'LINK').split('\n')).toEqual([
    'alice: 4 jobs',
    '  2 × Job is waiting to be processed',
    '  1 × Job completed; credits for the files that failed were restored',
    '  1 × Job failed; the team was informed',
    '  Job 3 (Holiday): Job completed; credits for the files that failed were restored',
    '    waves.wav: silence, see LINK',
    '  Job 4 (no name): Job failed; the team was informed',
    '',
    '',
  ]);
});

test('reportFor names a record that cannot be read', async () => {
  const { jobs, jobStore } = start();
  jobStore.put({ userId: 'alice', jobId: 1, status: 'success' });
  jobStore.putUnreadable('alice', 2);
  expect(await reportFor(jobs, userId)).toContain(
    'alice: 1 jobs\n  1 × Job completed successfully\n  job 2 of user alice',
  );
});

test('reportFor leaves out a job that was deleted after it was listed', async () => {
  const { jobs, jobStore } = start();
  jobStore.put({ userId: 'alice', jobId: 1, status: 'failed_critical' });
  jobStore.find = async () => undefined;
  expect(await reportFor(jobs, userId)).toBe('alice: 1 jobs\n  1 × Job failed; the team was informed\n\n');
});

test('reportFor rejects if a job cannot be read from the store', async () => {
  const { jobs, jobStore } = start();
  jobStore.put({ userId: 'alice', jobId: 1, status: 'failed_critical' });
  jobStore.failures.find = new Unavailable('the connection was refused');
  await expect(reportFor(jobs, userId)).rejects.toBe(jobStore.failures.find);
});
