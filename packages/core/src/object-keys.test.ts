import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJobId, parseObjectUuid, parseUserId } from './identifiers.ts';
import { fullResultKey, jobPrefix, minResultKey, uploadedFileKey } from './object-keys.ts';

const [alice, one, png] = [parseUserId('alice'), parseJobId(1), parseObjectUuid('uuid.png')];

/** Identifiers that are similar to each other and to parts of keys, so that collisions are found. */
const triples = fc.tuple(
  fc.oneof(fc.constantFrom('a', 'a.', '1', 'a1', '...', 'results', 'a%2F1'), fc.string({ minLength: 1, maxLength: 6 })),
  fc.oneof(
    fc.integer({ min: 1, max: 120 }),
    fc.maxSafeNat().map((id) => id + Number(id === 0)),
  ),
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,5}$/),
);

const isUserId = (value: string): boolean => {
  try {
    return parseUserId(value) === value;
  } catch {
    return false;
  }
};

describe('object keys', () => {
  test('have the documented form', () => {
    expect(uploadedFileKey(alice, one, png)).toBe('alice/1/uuid.png');
    expect(fullResultKey(alice, one, png)).toBe('alice/1/results/uuid.png.json');
    expect(minResultKey(alice, one, png)).toBe('alice/1/results/uuid.png.min.json');
  });

  test('the prefix of job 1 does not cover job 10', () => {
    expect(jobPrefix(alice, one)).toBe('alice/1/');
    expect(uploadedFileKey(alice, parseJobId(10), png).startsWith(jobPrefix(alice, one))).toBe(false);
  });

  test('no two users, jobs or objects share the key of an uploaded file', () => {
    const keyOf = ([userId, jobId, uuid]: [string, number, string]) =>
      uploadedFileKey(parseUserId(userId), parseJobId(jobId), parseObjectUuid(uuid));
    const valid = triples.filter(([userId]) => isUserId(userId));
    fc.assert(
      fc.property(valid, valid, (one, other) => {
        expect(keyOf(one) === keyOf(other)).toBe(one.join('\n') === other.join('\n'));
      }),
      { numRuns: 2000 },
    );
  });

  test('every key of a job, and no key of another job, starts with its prefix', () => {
    const valid = triples.filter(([userId]) => isUserId(userId));
    fc.assert(
      fc.property(valid, valid, ([userId, jobId, uuid], [otherUserId, otherJobId]) => {
        const prefix = jobPrefix(parseUserId(otherUserId), parseJobId(otherJobId));
        const covered = userId === otherUserId && jobId === otherJobId;
        for (const keyOf of [uploadedFileKey, fullResultKey, minResultKey]) {
          const key = keyOf(parseUserId(userId), parseJobId(jobId), parseObjectUuid(uuid));
          expect(key.startsWith(prefix)).toBe(covered);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
