import { expect, test } from '@jest/globals';
import { compareKeys, SortedMap } from './sorted-map.ts';

const ALPHABET = ['a', 'b', '/', ' ', '\u007f', 'ü', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}'];

// A generator of its own, so that a failure comes again.
const createRandom = (seed: number) => {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

test('keys are in the order of their UTF-8 bytes', () => {
  const keys = ['', ...ALPHABET, ...ALPHABET.flatMap((a) => ALPHABET.map((b) => a + b))];
  const pairs = keys.flatMap((a) => keys.map((b) => [a, b] as const));
  const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  expect(pairs.filter(([a, b]) => Math.sign(compareKeys(a, b)) !== bytes(a, b))).toEqual([]);
});

test.each([1, 2, 3])('a map is what a sorted list would be, whatever was set and deleted (seed %i)', (seed) => {
  const random = createRandom(seed);
  const map = new SortedMap<number>();
  const plain = new Map<string, number>();
  const randomKey = () => Array.from({ length: 1 + random(5) }, () => ALPHABET[random(ALPHABET.length)]).join('');
  // More additions than removals, then fewer, so that blocks are split and emptied.
  for (const additions of [9, 5, 1]) {
    for (let i = 0; i < 6000; i++) {
      const key = randomKey();
      if (random(10) < additions) {
        map.set(key, i);
        plain.set(key, i);
      } else {
        map.delete(key);
        plain.delete(key);
      }
    }
    const sorted = [...plain].sort(([a], [b]) => compareKeys(a, b));
    expect([...map.entriesFrom('')]).toEqual(sorted);
    expect(map.size).toBe(sorted.length);
    const start = randomKey();
    expect([...map.entriesFrom(start)]).toEqual(sorted.filter(([key]) => compareKeys(key, start) >= 0));
    expect(map.get(start)).toBe(plain.get(start));
  }
  for (const key of plain.keys()) map.delete(key);
  expect([...map.entriesFrom('')]).toEqual([]);
  map.set('again', 1);
  expect([...map.entriesFrom('')]).toEqual([['again', 1]]);
});
