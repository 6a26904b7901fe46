import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isObjectUuid, parseJobId, parseObjectUuid, parseUserId } from './identifiers.ts';

describe('parseUserId', () => {
  test.each(['alice', 'auth0|1', 'eu-west-1:3c1…', '...', '.a', 'a..', 'Zoë', '😀', '%2F', ' ', 'a'.repeat(128)])(
    'accepts %j as it is',
    (value) => {
      expect(parseUserId(value)).toBe(value);
    },
  );

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['a list', ['alice']],
    ['an empty id', ''],
    ['the current folder', '.'],
    ['the parent folder', '..'],
    ['a slash', 'a/b'],
    ['a backslash', 'a\\b'],
    ['the first control character', 'a\u0000'],
    ['the last C0 control character', 'a\u001f'],
    ['a line break at its end', 'alice\n'],
    ['DEL', 'a\u007f'],
    ['the last C1 control character', 'a\u009f'],
    ['a high surrogate alone', 'a\ud83d'],
    ['a low surrogate alone', '\ude00a'],
    ['129 characters', 'a'.repeat(129)],
    ['65 characters that are 130 UTF-16 units', '😀'.repeat(65)],
  ])('rejects %s as unauthorized, with the reason', (_, value) => {
    expect(() => parseUserId(value)).toThrow(
      expect.objectContaining({
        code: 'UNAUTHORIZED',
        message: 'the user id is missing, too long or not fit for a key',
      }),
    );
  });

  test('accepts a string exactly if it is valid in a key', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('a', '.', '/', '\\', '\u0000', '\u0085', '\ud83d', '\ude00', 'é'),
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 140 }), hostile), (value) => {
        const fit =
          value.length >= 1 &&
          value.length <= 128 &&
          value !== '.' &&
          value !== '..' &&
          Buffer.from(value).toString() === value && // a lone surrogate becomes U+FFFD
          !Array.from(value).some((character) => {
            const code = character.charCodeAt(0);
            return character === '/' || character === '\\' || code < 0x20 || (code >= 0x7f && code < 0xa0);
          });
        if (fit) expect(parseUserId(value)).toBe(value);
        else expect(() => parseUserId(value)).toThrow(expect.objectContaining({ code: 'UNAUTHORIZED' }));
      }),
    );
  });
});

describe('parseJobId', () => {
  test.each([undefined, ''])('throws that the parameter is missing for %j', (value) => {
    expect(() => parseJobId(value)).toThrow(expect.objectContaining({ parameter: 'jobId', problem: 'is missing' }));
  });

  test.each(['1', '10', '9007199254740991', 1, 9007199254740991])('accepts %j', (value) => {
    expect(parseJobId(value)).toBe(Number(value));
  });

  test.each([
    ...[
      '0',
      '01',
      '1.0',
      '1e3',
      ' 1',
      '1 ',
      '+1',
      '-1',
      '0x1',
      '1_000',
      '１',
      '1\n',
      'NaN',
      'Infinity',
      'null',
      'true',
    ],
    ...['9007199254740992', '9007199254740993', '9'.repeat(400)],
    ...[0, -1, 1.5, NaN, Infinity, 9007199254740992, null, true, 1n],
    ...[['1'], ['1', '1'], { valueOf: () => 1 }],
  ])('rejects %p and says what is allowed', (value) => {
    expect(() => parseJobId(value)).toThrow(
      expect.objectContaining({
        code: 'INVALID_PARAMETER',
        parameter: 'jobId',
        problem: 'must be a whole number from 1 to 9007199254740991',
      }),
    );
  });

  test('parses every job id that is written in decimal', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        if (value >= 1) expect(parseJobId(String(value))).toBe(value);
        else expect(() => parseJobId(String(value))).toThrow();
      }),
    );
  });

  test('accepts only the decimal form of the number that it returns', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.double().map(String),
          fc.string({ unit: fc.constantFrom(...Array.from('0123456789.e+- x')) }),
        ),
        (value) => {
          let id;
          try {
            id = parseJobId(value);
          } catch {
            return;
          }
          expect(String(id)).toBe(value);
        },
      ),
    );
  });
});

describe('parseObjectUuid', () => {
  test.each([undefined, ''])('throws that the parameter is missing for %j', (value) => {
    expect(() => parseObjectUuid(value)).toThrow(
      expect.objectContaining({ parameter: 'objectUuid', problem: 'is missing' }),
    );
  });

  test.each(['uuid.png', '0', 'A', 'a..b', 'x'.repeat(255), '3f2a9c1e-0b7d-4c55-9a11-aa0e6f1d2c33.tar.gz'])(
    'takes %j',
    (value) => {
      expect(parseObjectUuid(value)).toBe(value);
    },
  );

  test.each([
    '.',
    '..',
    '.hidden',
    '-a',
    '_a',
    'a/b',
    'a\\b',
    'a b',
    'a%2Fb',
    'é',
    'a\u0000',
    'a\n',
    '😀',
    'x'.repeat(256),
    ...[null, 7, true, ['uuid.png'], { toString: () => 'uuid.png' }],
  ])('rejects %j and says what is allowed', (value) => {
    expect(() => parseObjectUuid(value)).toThrow(
      expect.objectContaining({
        code: 'INVALID_PARAMETER',
        parameter: 'objectUuid',
        problem: 'must be 1 to 255 of A-Z a-z 0-9 . _ -, starting with a letter or digit',
      }),
    );
    expect(isObjectUuid(value)).toBe(false);
  });
});
