import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonInPieces } from './json-pieces.ts';

const jsonOf = (value: object): string => jsonInPieces(value).map(String).join('');

describe('jsonInPieces', () => {
  test('makes what JSON.stringify makes', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.webUrl());
    const value = fc.letrec<{ value: unknown; record: object }>((tie) => ({
      value: fc.oneof(text, fc.jsonValue(), fc.constant(undefined), fc.date({ noInvalidDate: true }), tie('record')),
      record: fc.dictionary(fc.oneof(text, fc.constant('__proto__')), tie('value')),
    }));
    fc.assert(fc.property(value.record, (record) => expect(jsonOf(record)).toBe(JSON.stringify(record))));
  });

  test.each([
    ['nothing', {}],
    ['nothing that JSON has', { a: undefined }],
    ['names that prototypes have', JSON.parse('{"__proto__":{"toString":"a"},"constructor":1}') as object],
    ['lists and dates', { a: [1, { b: ['"'] }], c: new Date(0) }],
    ['what has to be escaped', { 'a"': 'b\\', c: '\n', d: '\u2028\ud800', e: '\u007f' }],
    ['every ASCII character', { a: String.fromCharCode(...Array(128).keys()) }],
    ['a string larger than any piece', { a: 'x'.repeat(1_000_000), b: '€'.repeat(1_000_000) }],
    ['strings that fill pieces to every last byte', Object.fromEntries(perLength((length) => 'x'.repeat(length)))],
    ['the same in three bytes a character', Object.fromEntries(perLength((length) => '€'.repeat(length)))],
  ])('writes %s', (_, value) => {
    expect(jsonOf(value)).toBe(JSON.stringify(value));
  });

  test.each([0, 1, 199, 200, 201, 400, 1_000])('writes a list of %i, whatever brings its members', (length) => {
    const list = Array.from({ length }, (_, index) => ({ index, text: '€', nothing: undefined }));
    expect(jsonOf({ list })).toBe(JSON.stringify({ list }));
    expect(jsonOf({ list: list.values(), set: new Set(list) })).toBe(JSON.stringify({ list, set: list }));
  });

  test.each([
    ['links', Object.assign({}, Array(2_000).fill('x'.repeat(1_700))) as object, 57],
    ['a list', { jobs: Array(1_000).fill({ job_name: 'x'.repeat(200) }) }, 7],
  ])('makes few pieces of %s, none of them large', (_, value, count) => {
    const pieces = jsonInPieces(value);
    expect(pieces).toHaveLength(count);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(65_536);
  });
});

function perLength(text: (length: number) => string): [string, string][] {
  return Array.from({ length: 300 }, (_, length) => [String(length), text(length)]);
}
