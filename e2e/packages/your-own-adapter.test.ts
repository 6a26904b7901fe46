// Does what docs/your-own-adapter.md says, in a folder that has the packed packages and nothing else of this repository.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startProcess } from '@jobs-api/local/start-process';
import { npmInstall, packAll, ROOT, run } from './packed.ts';

/** Packages that the page installs, as versions that are known to exist. */
const INSTALLED = [
  'zod@4.6.7',
  'typescript@5.9.3',
  '@types/node@20.19.43',
  'jest@30.5.2',
  '@jest/globals@30.5.2',
  '@swc/core@1.16.22',
  '@swc/jest@0.2.39',
  'vitest@4.1.12',
];

/** The part of the report of a run that is read here. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly ancestorTitles: readonly string[] }[];
  }[];
}

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'own-adapter-'));
  for (const [name, content] of await filesOfThePage()) await writeFile(join(directory, name), content);
  const tarballs = await packAll(directory);
  const ours = ['@jobs-api/core', '@jobs-api/http-express'].map((name) => tarballs.get(name) ?? name);
  await npmInstall(directory, ...ours, ...INSTALLED);
});

afterAll(() => rm(directory, { recursive: true }));

/** Each code block that follows a paragraph with the name of its file. */
const filesOfThePage = async (): Promise<Map<string, string>> => {
  const page = await readFile(join(ROOT, 'docs/your-own-adapter.md'), 'utf8');
  const blocks = page.matchAll(/`([\w.-]+\.(?:ts|js|json))`[^`]*(?:`[^`\n]+`[^`]*)*?\n\n```\w+\n(.*?)^```$/gms);
  return new Map(Array.from(blocks, ([, name = '', content = '']) => [name, content]));
};

test('the page "Your own adapter" has the files that its steps need', async () => {
  expect([...(await filesOfThePage()).keys()]).toEqual([
    'package.json',
    'tsconfig.json',
    'folder-job-store.ts',
    'folder-job-store.contract.test.ts',
    'jest.config.js',
    'vitest.config.ts',
    'start.ts',
  ]);
});

test('the adapter of the page passes the contract suite under Jest', async () => {
  const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules' };
  const report = await run('npx', ['jest', '--json', '--silent'], { cwd: directory, env });
  expect(JSON.parse(report)).toMatchObject({ success: true, numFailedTests: 0 });
});

test('the adapter of the page passes the contract suite under Vitest', async () => {
  const report = await run('npx', ['vitest', 'run', '--reporter=json'], { cwd: directory });
  expect(JSON.parse(report)).toMatchObject({ success: true, numFailedTests: 0 });
});

test('the service of the page has jobs, docs and metrics, drains at SIGTERM, and exits with code 0', async () => {
  await run('npx', ['tsc'], { cwd: directory });
  const folder = join(directory, 'jobs', Buffer.from('alice').toString('hex'));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, '7.json'), JSON.stringify({ jobName: 'Coast walk', status: 'queued' }));
  const env = { PORT: '0', HOST: '127.0.0.1', METRICS_PORT: '0', DRAIN_SECONDS: '5' };
  const service = startProcess(['out/start.js'], { cwd: directory, env });
  try {
    const Authorization = await service.untilLine((line) => /^TOKEN=(.+)$/.exec(line)?.[1]);
    const port = await service.untilLine((line) => /"port":(\d+)/.exec(line)?.[1]);
    const metricsPort = await service.untilLine((line) => /"metrics_port":(\d+)/.exec(line)?.[1]);
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { headers: { Authorization } });
    const jobs = [{ job_id: 7, job_name: 'Coast walk', status: 'queued' }];
    expect(await (await get('/api/v1/jobs/list')).json()).toMatchObject({ jobs });
    expect(await (await get('/docs')).text()).toContain('<html');
    expect((await get('/readyz')).status).toBe(200);
    const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    expect(await metrics.text()).toContain('jobs_api_http_requests_in_flight');

    service.child.kill('SIGTERM');
    await service.untilLine((line) => line.includes('"stopping"') || undefined);
    expect((await get('/readyz')).status).toBe(503);
    const last = await get('/api/v1/jobs/list');
    expect([last.headers.get('connection'), await last.json()]).toMatchObject(['close', { jobs }]);
    expect(await service.exitCode).toBe(0);
  } finally {
    await service.stop();
  }
});

test('each adapter that breaks a promise fails the packed suites, and those that keep every promise pass', async () => {
  const files = ['job-stores', 'object-stores', 'authenticators'].map((name) => `broken-${name}`);
  for (const name of files) await copyFile(join(ROOT, `e2e/suites/${name}.ts`), join(directory, `${name}.test.ts`));
  const report = join(directory, 'report.json');
  const vitest = ['vitest', 'run', '--reporter=json', `--outputFile=${report}`, 'broken'];
  await expect(run('npx', vitest, { cwd: directory })).rejects.toThrow();
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report;
  const failures = new Map<string, number>();
  for (const { status, ancestorTitles } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const suite = ancestorTitles.find((title) => title.startsWith('a')) ?? '';
    failures.set(suite, (failures.get(suite) ?? 0) + (status === 'failed' ? 1 : 0));
  }
  const passed = [...failures].filter(([, count]) => count === 0).map(([suite]) => suite);
  expect(failures.size).toBeGreaterThan(30);
  expect(passed.toSorted()).toEqual([
    'a job store that keeps every promise as a JobStore',
    'an authenticator that keeps every promise as an Authenticator',
    'an object store that keeps every promise as an ObjectStore',
  ]);
});
