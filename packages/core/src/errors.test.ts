import { describe, expect, test } from '@jest/globals';
import {
  InvalidParameter,
  isJobsError,
  JobNotFinished,
  JobNotFound,
  Unauthorized,
  Unavailable,
  UnreadableJob,
} from './errors.ts';

describe('errors', () => {
  const cause = new Error('ECONNREFUSED');

  test.each([
    [new InvalidParameter('jobId', 'is missing'), 'InvalidParameter', 'INVALID_PARAMETER', 'jobId is missing'],
    [new JobNotFound(7), 'JobNotFound', 'JOB_NOT_FOUND', 'job 7 does not exist'],
    [new JobNotFinished(7), 'JobNotFinished', 'JOB_NOT_FINISHED', 'job 7 is not finished'],
    [new Unauthorized('expired', { cause }), 'Unauthorized', 'UNAUTHORIZED', 'expired'],
    [new Unavailable('the table', { cause }), 'Unavailable', 'UNAVAILABLE', 'the table'],
    [
      new UnreadableJob('alice', '1.5', 'jobId is no whole number'),
      'UnreadableJob',
      'UNREADABLE_JOB',
      'job 1.5 of user alice cannot be read: jobId is no whole number',
    ],
  ])('%s has a name, a stable code and a message', (error, name, code, message) => {
    expect(error).toMatchObject({ name, code, message });
    expect(isJobsError(error)).toBe(true);
  });

  test('keep the cause that they were created with', () => {
    expect(new Unavailable('the table', { cause }).cause).toBe(cause);
  });

  test.each([cause, Object.assign(new Error('x'), { code: 'UNAUTHORIZED' }), undefined, 'UNAUTHORIZED'])(
    '%s is not one of them',
    (error) => {
      expect(isJobsError(error)).toBe(false);
    },
  );
});
