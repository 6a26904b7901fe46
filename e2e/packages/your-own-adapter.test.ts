// Does what docs/your-own-adapter.md says, in a folder that has the packed packages and nothing else of this repository.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

test('the service of the page lists a job that another program has written, and stops at SIGTERM with exit code 0', async () => {
  await run('npx', ['tsc'], { cwd: directory });
  const folder = join(directory, 'jobs', Buffer.from('alice').toString('hex'));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, '7.json'), JSON.stringify({ jobName: 'Coast walk', status: 'queued' }));
  const env = { PORT: '0', HOST: '127.0.0.1', DRAIN_SECONDS: '0' };
  const service = startProcess(['out/start.js'], { cwd: directory, env });
  try {
    const token = await service.untilLine((line) => /^TOKEN=(.+)$/.exec(line)?.[1]);
    const port = await service.untilLine((line) => /"port":(\d+)/.exec(line)?.[1]);
    const headers = { Authorization: token };
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/jobs/list`, { headers });
    expect(await response.json()).toMatchObject({ jobs: [{ job_id: 7, job_name: 'Coast walk', status: 'queued' }] });
    service.child.kill('SIGTERM');
    expect(await service.exitCode).toBe(0);
  } finally {
    await service.stop();
  }
});
