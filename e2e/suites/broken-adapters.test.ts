import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly status: string;
      readonly title: string;
      readonly ancestorTitles: readonly string[];
    }[];
  }[];
}

let folder: string;
let output: string;
/** The titles of the checks that failed, by the suite. */
const failures = new Map<string, string[]>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broken-adapters-'));
  const report = join(folder, 'report.json');
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
  const file = '<rootDir>/e2e/suites/broken-adapters.ts';
  const options = ['--testMatch', file, '--json', '--outputFile', report];
  const run = promisify(execFile)(process.execPath, [...jest, ...options], { cwd: ROOT, maxBuffer: 1e9 });
  output = await run.then(
    () => 'every check passed',
    (error: unknown) => (error as { stderr: string }).stderr,
  );
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report;
  for (const { status, title, ancestorTitles } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const suite = ancestorTitles[0] ?? '';
    failures.set(suite, [...(failures.get(suite) ?? []), ...(status === 'failed' ? [title] : [])]);
  }
});

afterAll(() => rm(folder, { recursive: true }));

test.each([
  'a job store that keeps every promise as a JobStore',
  'an object store that keeps every promise as an ObjectStore',
])('the suite passes %s', (suite) => {
  expect(failures.get(suite)).toEqual([]);
});

test.each([
  [
    'a job store that looks at the signal at the start only',
    'find rejects with the reason as soon as its signal aborts',
  ],
  ['a job store whose errors are all Unavailable', 'find does not throw Unavailable if a retry cannot help'],
  ['a job store that cuts lists short', "list returns all of a user's jobs"],
  ['a job store whose order is wrong at page borders', "list returns all of a user's jobs, and no other's, in order"],
  ['a job store that deletes a neighbour', 'delete leaves jobs alone whose ids start with the same digits'],
  ['a job store that always says that there was a record', 'delete returns whether there was a record'],
  ['an object store whose links work for other methods', 'presign returns URLs that work for GET only'],
  ['an object store whose links never expire', 'presign returns URLs that stop working'],
  [
    'an object store that looks at the signal at the start only',
    'deleteAll rejects with the reason as soon as its signal',
  ],
  ['an object store whose errors are all Unavailable', 'deleteAll does not throw Unavailable if a retry cannot help'],
  ['an object store that stops at the first refusal', 'deleteAll removes the other objects if one cannot be removed'],
  ['an object store that deletes a neighbour', 'deleteAll leaves jobs alone whose ids start with the same digits'],
  ['an object store that trusts what the storage lists', 'deleteAll removes nothing outside the prefix'],
  ['an object store that removes one page only', 'deleteAll removes more than one page of objects'],
  ['an object store that counts what it removed wrongly', 'deleteAll passes everything that it removed to onRemoved'],
])('the suite rejects %s: %s', (name, promise) => {
  const failed = [...failures].find(([suite]) => suite.startsWith(`${name} as a`))?.[1];
  expect(failed).toContainEqual(expect.stringContaining(promise));
});

test('the end of a run lists what was not checked', () => {
  expect(output).toContain('a job store that keeps every promise as a JobStore: not checked');
  expect(output).toContain('listByIds fetches no other job');
});
