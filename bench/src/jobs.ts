import { hash } from 'node:crypto';
import type { JobRecord } from '@jobs-api/core/testing';

/** Returns digits that compress like random ones but are the same each time. */
const digits = (index: number): string => hash('sha1', `digits of ${index}`);

/** As an uploader names what it stores. */
export const objectUuid = (index: number): string =>
  `${digits(index).replace(/^(.{8})(.{4})(.{3})(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5')}.png`;

const ADJECTIVES = ['Autumn', 'Coast', 'Family', 'Field', 'Final', 'Old', 'Scanned', 'Weekly'];
const NOUNS = ['archive', 'interviews', 'invoices', 'lectures', 'pictures', 'recordings', 'walk', 'workshop'];

const pick = <Item>(items: readonly Item[], chance: number): Item => items[chance % items.length] as Item;

/** Attributes of a job that a list shows. */
export const jobSummary = (jobId: number) => {
  const chance = parseInt(digits(-jobId).slice(0, 12), 16);
  return {
    jobName: `${pick(ADJECTIVES, chance)} ${pick(NOUNS, Math.floor(chance / 8))} ${jobId}`,
    date: `${new Date(1.6e12 + (chance % 1.6e11)).toISOString().slice(0, 19).replace('T', ' ')}.${String(chance % 1e9).padStart(9, '0')} UTC`,
    totalSize: chance % 1e9,
    creditsSpent: chance % 1_000,
  };
};

/** As a camera does. */
export const fileName = (index: number): string => `IMG_${1_000 + index}.png`;

const perFile = <Value>(files: number, value: (index: number) => Value): Record<string, Value> =>
  Object.fromEntries(Array.from({ length: files }, (_, index) => [objectUuid(index), value(index)]));

/** A job that succeeded, with so many files. */
export const jobRecord = (userId: string, jobId: number, files: number): JobRecord => ({
  userId,
  jobId,
  ...jobSummary(jobId),
  email: 'customer@example.com',
  status: 'success',
  objectUuidNames: perFile(files, fileName),
  mediaLength: perFile(files, () => 1),
  failedToProcess: {},
});
