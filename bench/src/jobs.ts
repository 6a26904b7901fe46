import type { JobRecord } from '@jobs-api/core/testing';

/** As an uploader names what it stores. */
export const objectUuid = (index: number): string =>
  `${index.toString(16).padStart(8, '0')}-3f2a-4c1e-9b7d-5a6c8e2f1d04.png`;

/** As a camera does. */
export const fileName = (index: number): string => `IMG_${1_000 + index}.png`;

const perFile = <Value>(files: number, value: (index: number) => Value): Record<string, Value> =>
  Object.fromEntries(Array.from({ length: files }, (_, index) => [objectUuid(index), value(index)]));

/** A job that succeeded, with so many files. */
export const jobRecord = (userId: string, jobId: number, files: number): JobRecord => ({
  userId,
  jobId,
  jobName: `Job ${jobId}`,
  date: '2026-01-01 12:00:00.000000000 UTC',
  email: 'somebody@example.com',
  totalSize: 1_000_000 + jobId,
  creditsSpent: files,
  status: 'success',
  objectUuidNames: perFile(files, fileName),
  mediaLength: perFile(files, () => 1),
  failedToProcess: {},
});
