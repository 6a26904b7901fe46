import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JobsBucket, LocalStack } from '@jobs-api/local';
import { SERVICE } from './built.ts';
import { BUCKETS, inBatches, newBucket, REAL_S3_ENV } from './real-s3.ts';
import { runToEnd } from './service-process.ts';
import { startStack } from './stack.ts';

const USERS = ['alice+test@example.com', '100%', 'ünï 名', 'a&b=c;d', 'a%41', 'a b', 'a+b', '<&">^`{|}[]'];
const FILES = ['photo.png', 'a b+c.png', '100%.png', 'a%41%2Bb', 'results/é 名.json', '<&">^`{|}[]'];
/** Keys of one job, each with three versions and delete markers: more than a page of 1,000. */
const MANY_KEYS = 350;
/** More jobs than a page of 1,000. */
const MANY_JOBS = 1_010;

/** Runs `--orphans` on a real server, for users and files with unusual names. */
export const describeOrphansOn = (server: string): void => {
  describe.each(BUCKETS)(`--orphans on a bucket of ${server} %s`, (_, versioned) => {
    let stack: LocalStack;
    let bucket: JobsBucket;

    beforeAll(async () => {
      stack = await startStack();
      bucket = await newBucket(versioned);
      for (const userId of USERS) {
        await stack.table.put({ userId, jobId: 1, jobName: 'Walk' });
        for (const folder of ['1', '7']) {
          await inBatches(FILES.length, (index) => bucket.put(`${userId}/${folder}/${FILES[index]}`, 'file'));
          await bucket.startUpload(`${userId}/${folder}/b+c %41.mov`);
        }
        await bucket.startUpload(`${userId}/8/é.mov`);
        // Directly below the prefix of the user.
        await bucket.put(`${userId}/a b+c 100%.txt`, 'foreign');
      }
      await inBatches(MANY_JOBS, (index) => bucket.put(`crowd+%41@example.com/${index + 1}/a.png`, 'file'));
      await stack.table.putMany(
        Array.from({ length: MANY_JOBS }, (__, index) => ({
          userId: 'crowd+%41@example.com',
          jobId: index + 1,
          jobName: 'Walk',
        })),
      );
      await inBatches(versioned ? MANY_KEYS : 0, async (index) => {
        const key = `versions/7/a+b ${index}%41.png`;
        await bucket.put(key, 'file');
        await bucket.put(key, 'file');
        await bucket.hide(key);
      });
      // Swift rounds the time of an object up to a whole second, and what is new is left alone.
      await sleep(2_000);
    });
    afterAll(() => stack.close());

    const run = async (...args: string[]) => {
      const env = { ...stack.env, ...REAL_S3_ENV, JOBS_BUCKET: bucket.bucketName };
      const { exitCode, stdout, stderr } = await runToEnd(SERVICE, env, ['--orphans', '--older-than', '0s', ...args]);
      return { exitCode, stderr, lines: stdout.trimEnd().split('\n').sort() };
    };

    const lineOf = (user_id: string, job_id: number, left: { objects: number; uploads: number; bytes: number }) =>
      expect.stringContaining(JSON.stringify({ user_id, job_id, record: 'absent', ...left }).slice(0, -1));

    test('lists the jobs without a record, and --delete leaves nothing of them and everything else', async () => {
      const orphans = [
        ...USERS.flatMap((userId) => [
          { userId, jobId: 7, objects: FILES.length, uploads: 1, bytes: FILES.length * 4 },
          { userId, jobId: 8, objects: 0, uploads: 1, bytes: 0 },
        ]),
        ...(versioned
          ? [{ userId: 'versions', jobId: 7, objects: MANY_KEYS * 3, uploads: 0, bytes: MANY_KEYS * 2 * 4 }]
          : []),
      ];
      const sum = (key: 'objects' | 'uploads' | 'bytes') => orphans.reduce((total, orphan) => total + orphan[key], 0);
      const summary = (deleted: boolean) => ({
        ...{ jobs: orphans.length, objects: sum('objects'), uploads: sum('uploads'), bytes: sum('bytes') },
        ...{ deleted, foreign_keys: USERS.length },
      });
      const expected = (deleted: boolean) => ({
        exitCode: 0,
        stderr: '',
        lines: expect.arrayContaining([
          JSON.stringify({ summary: summary(deleted) }),
          ...orphans.map(({ userId, jobId, ...left }) => lineOf(userId, jobId, left)),
        ]),
      });
      const before = await bucket.contents('');
      const isOfOrphan = (line: string) => orphans.some(({ userId, jobId }) => line.includes(` ${userId}/${jobId}/`));

      const found = await run();
      expect(found).toEqual(expected(false));
      expect(found.lines).toHaveLength(orphans.length + 1);
      expect(await bucket.contents('')).toEqual(before);

      expect(await run('--delete')).toEqual(expected(true));
      expect(await bucket.contents('')).toEqual(before.filter((line) => !isOfOrphan(line)));
      expect(await stack.table.keys()).toHaveLength(USERS.length + MANY_JOBS);
      expect((await run()).lines).toEqual([expect.stringContaining('{"summary":{"jobs":0,')]);
    });
  });
};
