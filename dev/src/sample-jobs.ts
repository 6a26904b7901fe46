import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeJob, type JobFile, type LocalStack } from '@jobs-api/local';
import { describeFile, typeOf } from './describe-file.ts';

export const SAMPLE_USERS = ['alice', 'bob'] as const;

const SAMPLES = fileURLToPath(new URL('../samples', import.meta.url));

/** A file whose content is not the picture that its name promises. */
const BROKEN_FILE = { name: 'broken.png', body: Buffer.from('This is not a picture.\n') };

/** A job in every status, by ascending job id. */
const SAMPLE_JOBS = [
  ['success', 'Coast walk', 'chime.wav', 'notes.txt', 'route.pdf', 'sunset.png'],
  ['pending', 'Evening class', 'notes.txt', 'chime.wav'],
  ['queued', 'Garden', 'sunset.png'],
  ['processing', 'Choir practice', 'chime.wav'],
  ['processing...45%', 'Museum visit', 'notes.txt', 'sunset.png'],
  ['success_credits_restored', 'Old photographs', 'sunset.png', BROKEN_FILE.name],
  ['success_credits_not_restored', 'Interviews', 'chime.wav', BROKEN_FILE.name],
  ['failed_size_mismatch', 'Slides', 'route.pdf'],
  ['failed_requeued', 'Recipes', 'notes.txt'],
  ['failed_critical', 'Field notes', 'notes.txt', 'sunset.png'],
  ['archived', 'A status of tomorrow', 'route.pdf'],
] as const;

/** Returns the files of a folder by name, without those of its subfolders. */
export const filesIn = async (directory: string): Promise<JobFile[]> => {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return Promise.all(names.sort().map(async (name) => processFile(name, await readFile(join(directory, name)))));
};

const processFile = async (name: string, body: Buffer): Promise<JobFile> => ({
  name,
  body,
  type: typeOf(name),
  result: await describeFile(name, body).catch((error: unknown) => new Error('unreadable', { cause: error })),
});

/** Gives each sample user a job in every status. */
export const makeSampleJobs = async (stack: LocalStack): Promise<void> => {
  const files = [...(await filesIn(SAMPLES)), await processFile(BROKEN_FILE.name, BROKEN_FILE.body)];
  const jobs = SAMPLE_USERS.flatMap((userId) =>
    SAMPLE_JOBS.map(([status, jobName, ...names], index) => ({
      userId,
      jobId: index + 1,
      jobName,
      date: new Date(Date.UTC(2026, 0, index + 1, 12)),
      status,
      files: files.filter(({ name }) => names.some((wanted) => wanted === name)),
    })),
  );
  await Promise.all(jobs.map((job) => makeJob(stack, job)));
};
