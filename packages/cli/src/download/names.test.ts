import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { safeName, uniqueNames } from './names.ts';

const namesOf = (files: Readonly<Record<string, string>>, taken?: readonly string[]) =>
  Object.fromEntries(
    uniqueNames(
      Object.entries(files).map(([uuid, name]) => ({ uuid, name })),
      taken,
    ),
  );

describe('safeName', () => {
  test.each([
    ['holiday.png', 'holiday.png'],
    ['../x', '_x'],
    ['..', '_'],
    ['', '_'],
    ['a/b', 'a_b'],
    ['a\\b', 'a_b'],
    ['C:\\x', 'C_x'],
    ['CON', 'CON_'],
    ['con.png', 'con_.png'],
    ['a.', 'a'],
    ['a\u0000b', 'a_b'],
    ['Ä & b.png', 'Ä & b.png'],
  ])('makes %j %j', (name, expected) => {
    expect(safeName(name)).toBe(expected);
  });

  test('cuts a name of 300 characters and keeps its extension', () => {
    expect(safeName(`${'x'.repeat(300)}.png`)).toMatch(/^x{190,200}\.png$/);
    expect(Buffer.byteLength(safeName(`${'😀'.repeat(300)}.png`))).toBeLessThanOrEqual(200);
    expect(safeName(`${'😀'.repeat(300)}.png`)).toMatch(/^(😀)+\.png$/u);
  });
});

describe('uniqueNames', () => {
  test('adds the uuid to names that are the same, also in another case or form', () => {
    expect(namesOf({ u1: 'a.png', u2: 'A.png', u3: 'b.png' })).toEqual({
      u1: 'a (u1).png',
      u2: 'A (u2).png',
      u3: 'b.png',
    });
    const names = Object.values(namesOf({ u1: 'a/b', u2: 'a_b', u3: 'é', u4: 'e\u0301' }));
    expect(names.sort()).toEqual(['a_b (u1)', 'a_b (u2)', 'é (u3)', 'é (u4)']);
  });

  test('gives no name that is taken', () => {
    expect(namesOf({ u1: 'results' }, ['results'])).toEqual({ u1: 'results (u1)' });
  });

  test('gives no name twice, also if a file has the name that another one gets', () => {
    const names = namesOf({ u1: 'a.png', u2: 'a.png', u3: 'a (u1).png' });
    expect(new Set(Object.values(names)).size).toBe(3);
  });

  test('gives every file a name of its own that stays in the folder, whatever the names', () => {
    const odd = fc.constantFrom('..', '.', '/', '\\', 'CON', 'con', 'a', 'A', ' ', '.png', '(', 'u1', ')', '\u202e');
    const name = fc.oneof(
      fc.string(),
      fc.array(odd, { maxLength: 6 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fc.array(name, { maxLength: 12 }), (names) => {
        const given = names.map((each, index) => ({ uuid: `u${index}`, name: each }));
        const result = uniqueNames(given, ['results']);
        const used = [...result.values()].map((each) => each.normalize('NFC').toLowerCase());
        expect(result.size).toBe(names.length);
        expect(new Set([...used, 'results']).size).toBe(names.length + 1);
        for (const each of result.values()) {
          expect(each).not.toMatch(/[/\\\p{Cc}:*?"<>|]|^\.{0,2}$|[. ]$/u);
          expect(Buffer.byteLength(each)).toBeLessThanOrEqual(255);
        }
        expect(uniqueNames([...given].reverse(), ['results'])).toEqual(result);
      }),
      { numRuns: 1000 },
    );
  });
});
