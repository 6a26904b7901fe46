import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { describeStatus, isKnownStatusCode, jobStatuses } from './job-status.ts';

describe('describeStatus', () => {
  test.each([
    ['pending', 'pending', 'Waiting for all files to be uploaded', false, false],
    ['queued', 'queued', 'Job is waiting to be processed', false, false],
    ['processing', 'processing', 'Job is being processed', false, false],
    ['processing...0%', 'processing', 'Job is being processed (0% done)', false, false],
    ['processing...45%', 'processing', 'Job is being processed (45% done)', false, false],
    ['processing...100%', 'processing', 'Job is being processed (100% done)', false, false],
    ['success', 'success', 'Job completed successfully', true, true],
    [
      'success_credits_restored',
      'success_credits_restored',
      'Job completed; credits for the files that failed were restored',
      true,
      true,
    ],
    [
      'success_credits_not_restored',
      'success_credits_not_restored',
      'Job completed; credits for the files that failed could not be restored',
      true,
      true,
    ],
    [
      'failed_size_mismatch',
      'failed_size_mismatch',
      'Job rejected: the uploaded files do not match what was announced',
      false,
      true,
    ],
    ['failed_requeued', 'failed_requeued', 'Job failed and was queued again', false, false],
    ['failed_critical', 'failed_critical', 'Job failed; the team was informed', false, true],
    ['archived', 'archived', 'Unknown status', false, false],
  ])('reads %j', (stored, code, meaning, hasResults, isFinished) => {
    const progress = /[0-9]+/.exec(stored);
    expect(describeStatus(stored)).toEqual({
      code,
      meaning,
      hasResults,
      isFinished,
      ...(progress && { progressPercent: Number(progress[0]) }),
    });
  });

  test('describes a missing status as unknown', () => {
    expect(describeStatus(undefined)).toEqual({
      code: 'unknown',
      meaning: 'Unknown status',
      hasResults: false,
      isFinished: false,
    });
  });

  test.each([
    ...['', 'Success', ' success'],
    ...['processing...', 'processing...101%', 'processing...-1%', 'processing...4.5%'],
    ...['reprocessing...45%', 'processing...45% done', 'processing...45%\n'],
  ])('returns %j unchanged, and describes it as unknown', (stored) => {
    expect(describeStatus(stored)).toEqual({
      code: stored,
      meaning: 'Unknown status',
      hasResults: false,
      isFinished: false,
    });
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'describes %s, a property of every object, as unknown',
    (stored) => {
      expect(describeStatus(stored)).toEqual({
        code: stored,
        meaning: 'Unknown status',
        hasResults: false,
        isFinished: false,
      });
    },
  );

  test('reads every progress, and links no results for it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), (percent) => {
        expect(describeStatus(`processing...${percent}%`)).toEqual({
          code: 'processing',
          meaning: `Job is being processed (${percent}% done)`,
          hasResults: false,
          isFinished: false,
          progressPercent: percent,
        });
      }),
    );
  });

  test('never throws, and returns every unknown code unchanged', () => {
    const alike = fc.string({ unit: fc.constantFrom('processing', '...', '4', '5', '%', 'success', '_', ' ') });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), alike), (stored) => {
        const { code, meaning } = describeStatus(stored);
        if (Object.keys(jobStatuses).includes(code) && stored !== code)
          expect(stored).toMatch(/^processing\.\.\.\d+%$/);
        else expect(code).toBe(stored);
        expect(meaning).not.toBe('');
      }),
    );
  });
});

test('isKnownStatusCode accepts the codes of the table only', () => {
  for (const code of Object.keys(jobStatuses)) expect(isKnownStatusCode(code)).toBe(true);
  for (const code of ['', 'archived', 'processing...45%', 'constructor', '__proto__'])
    expect(isKnownStatusCode(code)).toBe(false);
});
