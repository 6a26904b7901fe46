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
  const files = '<rootDir>/e2e/suites/broken-{job-stores,object-stores,authenticators}.ts';
  const options = ['--testMatch', files, '--json', '--outputFile', report];
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
  'an authenticator that keeps every promise as an Authenticator',
])('the suite passes %s', (suite) => {
  expect(failures.get(suite)).toEqual([]);
});

test.each([
  ['a job store that checks the signal only at the start', 'find rejects with the reason as soon as its signal aborts'],
  ['a job store whose errors are all Unavailable', 'find does not throw Unavailable if a retry cannot help'],
  ['a job store that cuts lists short', "list returns all of a user's jobs"],
  ['a job store whose order is wrong at page borders', "list returns all of a user's jobs, and no other's, in order"],
  ['a job store that deletes a neighbour', 'delete leaves jobs alone whose ids start with the same digits'],
  ['a job store that always says that there was a record', 'delete returns whether there was a record'],
  [
    'a job store whose lists are not aborted between pages',
    'list rejects with the reason if its signal aborts between two pages',
  ],
  ['a job store whose errors are not Unavailable', 'listByIds throws Unavailable if the storage refuses connections'],
  ['a job store whose lists begin with the job that they should start after', 'list goes through a range'],
  ['a job store that takes the size hint for a limit', 'list is complete whatever the size hint'],
  ['a job store that lists more than a summary', 'list returns the fields of a summary and nothing else'],
  [
    'a job store that hides records that cannot be read',
    'list leaves out records that cannot be read, and passes each',
  ],
  [
    'a job store that finds nothing if a record cannot be read',
    'find throws UnreadableJob if the record cannot be read',
  ],
  ['a job store that deletes only what it can read', 'delete deletes a record that cannot be read'],
  ['a job store that lists everything for no ids', 'listByIds returns nothing for no ids'],
  ['an object store whose links work for other methods', 'presign returns URLs that work for GET only'],
  ['an object store whose links never expire', 'presign returns URLs that stop working'],
  [
    'an object store that checks the signal only at the start',
    'deleteAll rejects with the reason as soon as its signal',
  ],
  ['an object store whose errors are all Unavailable', 'deleteAll does not throw Unavailable if a retry cannot help'],
  ['an object store that stops at the first refusal', 'deleteAll removes the other objects if one cannot be removed'],
  ['an object store that deletes a neighbour', 'deleteAll leaves jobs alone whose ids start with the same digits'],
  ['an object store that trusts what the storage lists', 'deleteAll removes nothing outside the prefix'],
  ['an object store that removes one page only', 'deleteAll removes more than one page of objects'],
  ['an object store that counts what it removed wrongly', 'deleteAll passes everything that it removed to onRemoved'],
  [
    'an object store that does not report what it removed if it fails',
    'deleteAll passes what it removed to onRemoved once, also if it fails',
  ],
  ['an object store whose links are in another order', 'presign returns URLs in the order of the keys'],
  ['an object store whose links are not escaped', 'presign returns URLs that have only the characters of RFC 3986'],
  ['an object store that ignores the name of a download', 'presign returns a URL that saves a file under a name'],
  [
    'an object store that returns a wrong end of its links',
    'presigner says that URLs expire after the lifetime requested',
  ],
  ['an object store that calls the store to sign', 'presign needs no connection to the store'],
  ['an authenticator that ignores the end of a token', 'rejects a token that has expired'],
  ['an authenticator that ignores the audience', 'rejects a token for another audience'],
  ['an authenticator that does not verify all of a token', 'rejects a token that was changed'],
  ['an authenticator that takes the first of two tokens', 'rejects two tokens in one'],
  ['an authenticator that checks the signal only at the start', 'rejects with the reason as soon as its signal aborts'],
  ['an authenticator that rejects a good token if it has no keys', 'is unavailable if no keys have been fetched'],
  ['an authenticator that needs keys to reject a missing token', 'rejects a missing token even then'],
  ['an authenticator that returns any user id', 'which is not valid in a key'],
  ['an authenticator that mixes up callers', 'returns each user for their own token'],
])('the suite rejects %s: %s', (name, promise) => {
  const failed = [...failures].find(([suite]) => suite.startsWith(`${name} as a`))?.[1];
  expect(failed).toContainEqual(expect.stringContaining(promise));
});

test('the end of a run lists what was not checked', () => {
  expect(output).toContain('a job store that keeps every promise as a JobStore: not checked');
  expect(output).toContain('listByIds fetches no other job');
});
