import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** Links to tests. Their text is the title of the test, or a part of it. */
const links = [...read('SECURITY.md').matchAll(/\[([^\]]+)\]\(([^)]+\.ts)\)/g)].map(([, name = '', path = '']) => ({
  name,
  path,
}));

/** Titles of tests and groups. */
const NAMES =
  /\b(?:test|describe)(?:\.each(?:<[^>]*>)?\((?:[^()]|\([^()]*\))*\))?\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;

const namesIn = (path: string): string[] =>
  [...read(path).matchAll(NAMES)].map(([, , name = '']) => name.replace(/\\(.)/g, '$1'));

test.each(links)('SECURITY.md names an existing test: $name in $path', ({ name, path }) => {
  expect(namesIn(path).filter((found) => found.includes(name))).not.toEqual([]);
});

test('SECURITY.md names a test for every threat', () => {
  const rows = read('SECURITY.md')
    .split('\n')
    .filter((line) => /^\| (?!threat|-)/.test(line));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((row) => !row.includes('.ts)'))).toEqual([]);
});
