import { expect, test } from '@jest/globals';
import { jobDate } from './job-date.ts';

test.each([
  ['2020-01-01 12:00:00.000000000 UTC', '2020-01-01T12:00:00.000Z'],
  ['2020-02-29 23:59:59.123456789 UTC', '2020-02-29T23:59:59.123Z'],
  ['2020-01-01 12:00:00.5 UTC', '2020-01-01T12:00:00.500Z'],
  ['2020-01-01 12:00:00.123456789 +0200 CEST m=+0.000012345', '2020-01-01T10:00:00.123Z'],
  ['2020-01-01 12:00:00 -0330 -0330', '2020-01-01T15:30:00.000Z'],
  ['2020-01-01 12:00:00 UTC', '2020-01-01T12:00:00.000Z'],
])('jobDate reads %s', (date, expected) => {
  expect(jobDate({ date })?.toISOString()).toBe(expected);
});

test.each([null, '', 'yesterday', '2020-13-01 12:00:00.0 UTC', '2020-01-01 12:00:00.0 CET'])(
  'jobDate returns undefined for %j',
  (date) => {
    expect(jobDate({ date })).toBeUndefined();
  },
);
