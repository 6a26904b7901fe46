import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** Each link to a test: what it says is the name of the test, or the telling part of it. */
const links = [...read('SECURITY.md').matchAll(/\[([^\]]+)\]\(([^)]+\.ts)\)/g)].map(([, name = '', path = '']) => ({
  name,
  path,
}));

/** What follows `test(` and its like: names, and what they are made of. */
const NAMES =
  /\b(?:test|describe)(?:\.each(?:<[^>]*>)?\((?:[^()]|\([^()]*\))*\))?\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;

const namesIn = (path: string): string[] =>
  [...read(path).matchAll(NAMES)].map(([, , name = '']) => name.replace(/\\(.)/g, '$1'));

test.each(links)('SECURITY.md names a test that is there: $name in $path', ({ name, path }) => {
  expect(namesIn(path).filter((found) => found.includes(name))).not.toEqual([]);
});

test('every threat in SECURITY.md names one', () => {
  const rows = read('SECURITY.md')
    .split('\n')
    .filter((line) => /^\| (?!threat|-)/.test(line));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((row) => !row.includes('.ts)'))).toEqual([]);
});
