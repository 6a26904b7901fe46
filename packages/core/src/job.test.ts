import { describe, expect, test } from '@jest/globals';
import { parseJobId, parseUserId } from './identifiers.ts';
import { describeStatus, jobStatuses } from './job-status.ts';
import { objectsWithResults, type Job } from './job.ts';

const job = (changes: Partial<Job>): Job => ({
  userId: parseUserId('alice'),
  jobId: parseJobId(1),
  jobName: null,
  date: null,
  totalSize: 0,
  creditsSpent: 0,
  email: null,
  objectUuidNames: { 'a.png': 'A.png', 'b.wav': 'B.wav' },
  mediaLength: {},
  failedToProcess: {},
  status: describeStatus('success'),
  ...changes,
});

describe('objectsWithResults', () => {
  test('returns all objects of a job that succeeded', () => {
    expect(objectsWithResults(job({}))).toEqual(['a.png', 'b.wav']);
  });

  test('leaves out objects that failed to process', () => {
    expect(objectsWithResults(job({ failedToProcess: { 'a.png': 'broken' } }))).toEqual(['b.wav']);
  });

  test('leaves out objects that are only in the maps of failures or lengths', () => {
    expect(objectsWithResults(job({ objectUuidNames: {}, mediaLength: { 'a.png': 1 } }))).toEqual([]);
  });

  test('leaves out names that are not valid in a key', () => {
    const objectUuidNames = { '../2/a.png': 'x', 'a/b': 'x', '': 'x', '.': 'x', 'c.txt': 'C.txt' };
    expect(objectsWithResults(job({ objectUuidNames }))).toEqual(['c.txt']);
  });

  test('returns an object with the name of a property of every object', () => {
    const objectUuidNames = Object.fromEntries([
      ['constructor', 'x'],
      ['__proto__', 'x'],
    ]);
    expect(objectsWithResults(job({ objectUuidNames }))).toEqual(['constructor']);
  });

  test.each([...Object.keys(jobStatuses), 'processing...99%', 'archived'])(
    'of status %s are there or not',
    (status) => {
      const there = ['success', 'success_credits_restored', 'success_credits_not_restored'].includes(status);
      expect(objectsWithResults(job({ status: describeStatus(status) }))).toHaveLength(there ? 2 : 0);
    },
  );
});
