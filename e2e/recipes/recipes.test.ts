import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { parseJobDate } from '@jobs-api/core';
import type { LocalStack } from '@jobs-api/local';
import { SERVICE } from '../harness/built.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

/** The block of code under each heading of docs/recipes.md. */
const recipes = new Map<string, string>();
const tried = new Set<string>();

let stack: LocalStack;
let service: ServiceProcess;
let users = 0;
let userId: string;
let folder: string;

beforeAll(async () => {
  const page = await readFile(new URL('../../docs/recipes.md', import.meta.url), 'utf8');
  for (const section of page.split(/^## /m).slice(1)) {
    const [heading = ''] = section.split('\n');
    recipes.set(heading, /^```(?:bash|python)\n(.*?)^```$/ms.exec(section)?.[1] ?? '');
  }
  stack = await startStack();
  service = await startService(SERVICE, stack.env);
});

afterAll(async () => {
  service.kill('SIGKILL');
  await stack.close();
});

beforeEach(async () => {
  userId = `user-${++users}`;
  folder = await mkdtemp(join(tmpdir(), 'recipes-'));
});

afterEach(() => rm(folder, { recursive: true }));

const run = async (heading: string, env: Readonly<Record<string, string>> = {}) => {
  tried.add(heading);
  const recipe = recipes.get(heading);
  if (!recipe) throw new Error(`docs/recipes.md has no recipe "${heading}"`);
  const TOKEN = await stack.tokenIssuer.issueToken(userId);
  const variables = { ...process.env, JOBS_API: service.origin, TOKEN, SECONDS_BETWEEN: '0.1', ...env };
  const { stdout } = await promisify(execFile)('bash', ['-c', recipe], { cwd: folder, env: variables });
  return stdout;
};

test('the recipe for waiting prints the statuses once all jobs are finished', async () => {
  for (const jobId of [1, 2, 3]) await stack.table.put({ userId, jobId, status: 'queued' });
  const waiting = run('Wait until jobs are finished', { JOB_IDS: '1,3,9' });
  const polls = () => service.log.filter((line) => line.includes(userId)).length;
  await until(() => polls() >= 2);
  await stack.table.put({ userId, jobId: 1, status: 'success' });
  const seen = polls();
  await until(() => polls() >= seen + 2);
  await stack.table.put({ userId, jobId: 3, status: 'failed_critical' });
  expect(await waiting).toBe('1 success\n3 failed_critical\n');
});

test('the recipe for waiting fails if the token is not valid', async () => {
  const failed = run('Wait until jobs are finished', { TOKEN: 'x' });
  await expect(failed).rejects.toMatchObject({ stderr: expect.stringContaining('401') });
});

test('the recipe for all pages prints every job', async () => {
  const ids = Array.from({ length: 250 }, (_, index) => index + 1);
  const date = '2026-02-01 00:00:00 UTC';
  await stack.table.putMany(ids.map((jobId) => ({ userId, jobId, jobName: `a & b ${jobId % 2}`, date })));
  const listed = async (env = {}) => {
    const lines = (await run('All pages of a list', env)).trim().split('\n');
    return lines.map((line) => (JSON.parse(line) as { job_id: number }).job_id);
  };
  expect(await listed()).toEqual(ids.toReversed());
  const odd = ids.filter((id) => id % 2 === 1).toReversed();
  expect(await listed({ NAME: 'A & B 1', CREATED_AFTER: '2026-02-01T01:00:00+02:00' })).toEqual(odd);
});

test('the recipe for downloads downloads all files and results', async () => {
  const uuids = Array.from({ length: 25 }, (_, index) => `${index}.png`);
  const objectUuidNames = Object.fromEntries([...uuids, '../../evil.sh'].map((uuid) => [uuid, `"${uuid}"\n`]));
  await stack.table.put({ userId, jobId: 7, status: 'success', objectUuidNames });
  const expected = new Map<string, string>();
  for (const uuid of uuids)
    for (const [key, name] of [
      [uuid, uuid],
      [`results/${uuid}.json`, `${uuid}.json`],
      [`results/${uuid}.min.json`, `${uuid}.min.json`],
    ] as const) {
      expected.set(name, `body of ${key}`);
      await stack.bucket.put(`${userId}/7/${key}`, `body of ${key}`);
    }
  await run('Download all files of a job', { JOB_ID: '7' });
  expect((await readdir(join(folder, 'job-7'))).sort()).toEqual([...expected.keys(), 'job.json'].sort());
  for (const [name, body] of expected) expect(await readFile(join(folder, 'job-7', name), 'utf8')).toBe(body);
});

test('the recipe for deletes prints a receipt, and deletes no job that is not finished', async () => {
  await stack.table.put({ userId, jobId: 1, status: 'processing' });
  await stack.bucket.put(`${userId}/1/a.png`, 'four');
  const refused = run('Delete a finished job, with a receipt');
  await expect(refused).rejects.toMatchObject({ stderr: expect.stringContaining('409') });
  expect(await stack.bucket.contents(`${userId}/`)).toHaveLength(1);
  await stack.table.put({ userId, jobId: 1, status: 'success' });
  const receipt = JSON.parse(await run('Delete a finished job, with a receipt')) as object;
  expect(receipt).toMatchObject({ job_id: 1, record: 'deleted', objects: 1, uploads: 0, bytes: 4 });
  expect(await stack.bucket.contents(`${userId}/`)).toEqual([]);
});

test('the recipe in Python parses dates as the service does', async () => {
  const heading = 'Parse `date` in Python';
  tried.add(heading);
  const dates = [
    ...[
      '2020-01-01 12:00:00.000000000 UTC',
      '2020-01-01 12:00:00 UTC',
      '2020-07-01 14:00:00.5 +0200 CEST m=+0.000012345',
    ],
    ...[
      '2020-01-01 12:00:00.123456789 -0330 -0330',
      '0001-01-01 00:00:00 +0000 UTC',
      'yesterday',
      '2020-01-01 12:00:00',
    ],
  ];
  const program = `${recipes.get(heading)}
import json, sys
epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
def microseconds(date):
    try:
        return (parse_job_date(date) - epoch) // timedelta(microseconds=1)
    except ValueError:
        return None
print(json.dumps([microseconds(date) for date in json.loads(sys.argv[1])]))`;
  const { stdout } = await promisify(execFile)('python3', ['-c', program, JSON.stringify(dates)]);
  const expected = dates.map((date) => {
    const instant = parseJobDate(date);
    return instant === undefined ? null : Number((instant - (((instant % 1000n) + 1000n) % 1000n)) / 1000n);
  });
  expect(JSON.parse(stdout)).toEqual(expected);
});

test('every recipe is run', () => {
  expect([...tried].sort()).toEqual([...recipes.keys()].sort());
});
