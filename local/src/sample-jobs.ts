import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeJob } from './make-job.ts';
import type { JobFile } from './make-job.ts';
import type { LocalStack } from './stack.ts';

export const SAMPLE_USERS = ['alice', 'bob'] as const;

const SAMPLES = fileURLToPath(new URL('../samples', import.meta.url));

/** A job in every status, in the order of their numbers. */
const SAMPLE_JOBS = [
  ['success', 'Coast walk'],
  ['pending', 'Evening class'],
  ['queued', 'Garden'],
  ['processing', 'Choir practice'],
  ['processing...45%', 'Museum visit'],
  ['success_credits_restored', 'Old photographs'],
  ['success_credits_not_restored', 'Interviews'],
  ['failed_size_mismatch', 'Slides'],
  ['failed_requeued', 'Recipes'],
  ['failed_critical', 'Field notes'],
  ['archived', 'A status of tomorrow'],
] as const;

/** What no program takes for the picture that its name promises. */
const BROKEN_FILE: JobFile = { name: 'broken.png', body: Buffer.from('This is not a picture.\n') };

/** The files of a folder, without those of its subfolders, by name. */
export const filesIn = async (directory: string): Promise<JobFile[]> => {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return Promise.all(names.sort().map(async (name) => ({ name, body: await readFile(join(directory, name)) })));
};

/** Gives each sample user a job in every status. */
export const makeSampleJobs = async (stack: LocalStack): Promise<void> => {
  const files = await filesIn(SAMPLES);
  for (const userId of SAMPLE_USERS)
    for (const [index, [status, jobName]] of SAMPLE_JOBS.entries())
      await makeJob(stack, {
        userId,
        jobId: index + 1,
        jobName,
        date: new Date(Date.UTC(2026, 0, index + 1, 12)),
        status,
        files: status.startsWith('success_') ? [...files, BROKEN_FILE] : files,
      });
};
