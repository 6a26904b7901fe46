// `jobs-api download` from the built service and the S3 stand-in, with a proxy in front of the latter.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type LocalStack } from '@jobs-api/local';
import { SERVICE } from '../harness/built.ts';
import { startProxy, type LoopbackProxy, type ProxiedRequest, type ProxyScript } from '../harness/proxy.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';
import { resultOf, runCli, startCli, startOnTerminal, type CliEnv } from './run-cli.ts';

let stack: LocalStack;
let store: LoopbackProxy;
let script: ProxyScript;
/** Requests to the store. */
let requests: ProxiedRequest[];
let service: ServiceProcess;
let env: CliEnv;
let users = 0;
let userId: string;
let parent: string;
let folder: string;

const forwarding: ProxyScript = (_, forward) => forward();

beforeAll(async () => {
  stack = await startStack();
  store = await startProxy(stack.env.AWS_ENDPOINT_URL_S3, (request, forward) => {
    requests.push(request);
    return script(request, forward);
  });
  service = await startService(SERVICE, { ...stack.env, S3_PUBLIC_ENDPOINT: store.endpoint, DRAIN_SECONDS: '0' });
});

beforeEach(async () => {
  userId = `user-${++users}`;
  env = { JOBS_URL: service.origin, JOBS_TOKEN: await stack.tokenIssuer.issueToken(userId) };
  parent = await mkdtemp(join(tmpdir(), 'jobs-api-'));
  folder = join(parent, 'inside');
  script = forwarding;
  requests = [];
});

afterEach(() => rm(parent, { recursive: true }));

afterAll(async () => {
  service.kill('SIGTERM');
  await service.exitCode;
  await Promise.all([store.close(), stack.close()]);
});

/** Makes a job of files by object uuid: the name and the content of each. */
const putJob = async (files: Readonly<Record<string, readonly [name: string, body: Buffer | string]>>) => {
  const names = Object.entries(files).map(([uuid, [name]]) => [uuid, name] as const);
  await stack.table.put({ userId, jobId: 1, status: 'success', objectUuidNames: Object.fromEntries(names) });
  for (const [uuid, [, body]] of Object.entries(files)) await stack.bucket.put(`${userId}/1/${uuid}`, body);
};

const download = (...more: string[]) => runCli(['download', '1', '--to', folder, ...more], env);

/** The files in a folder and below it, without those of the program. */
const filesIn = async (root: string): Promise<string[]> => {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !path.includes('.jobs-api/'))
    .sort();
};

const digest = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const expectFile = async (name: string, content: Buffer) =>
  expect(digest(await readFile(join(folder, name)))).toBe(digest(content));

/** Number of bytes in files that are not complete. */
const partBytes = async () => {
  const entries = await readdir(join(folder, '.jobs-api'), { recursive: true, withFileTypes: true }).catch(() => []);
  const parts = entries.filter(({ name }) => name.endsWith('.part'));
  // A part that is complete is renamed meanwhile.
  const sizeOf = async (path: string) => (await stat(path).catch(() => ({ size: 0 }))).size;
  const sizes = await Promise.all(parts.map(({ parentPath, name }) => sizeOf(join(parentPath, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
};

describe('jobs-api download', () => {
  test('names files by their uuid', async () => {
    const body = randomBytes(100_000);
    await putJob({ 'u1.png': ['holiday.png', body], 'u2.txt': ['notes.txt', ''] });
    const { exitCode, stdout, stderr } = await download();
    expect([exitCode, stdout, stderr]).toEqual([0, `2 of 2 files are in ${folder}\n`, '']);
    expect(await filesIn(folder)).toEqual(['u1.png', 'u2.txt']);
    await expectFile('u1.png', body);
    await expectFile('u2.txt', Buffer.alloc(0));
  });

  test('prints one line of JSON for each file with --json', async () => {
    await putJob({ 'u1.png': ['holiday.png', 'abc'] });
    const { stdout } = await download('--json', '--names');
    expect(JSON.parse(stdout)).toEqual({
      object_uuid: 'u1.png',
      path: join(folder, 'holiday.png'),
      state: 'downloaded',
      bytes: 3,
    });
  });

  test('loses no file and leaves none outside the folder, whatever the names', async () => {
    const long = 'x'.repeat(300);
    const names = ['../x', '../../x', '/etc/passwd', 'a/b', 'a_b', 'CON', 'con.png', '..', '', long, `${long}.png`];
    names.push(
      'same.txt',
      'same.txt',
      'SAME.txt',
      '.jobs-api',
      'results',
      'a\u0000b',
      'Ä.txt',
      'A\u0308.txt',
      'a.',
      'a ',
    );
    await putJob(Object.fromEntries(names.map((name, index) => [`u${index}`, [name, `content ${index}`]])));
    const { exitCode, stderr } = await download('--names');
    expect([exitCode, stderr]).toEqual([0, '']);
    const found = await filesIn(folder);
    expect(found).toHaveLength(names.length);
    const contents = await Promise.all(found.map((name) => readFile(join(folder, name), 'utf8')));
    expect(contents.sort()).toEqual(names.map((_, index) => `content ${index}`).sort());
    expect(new Set(found.map((name) => name.toLowerCase())).size).toBe(names.length);
    for (const name of found) expect(name).not.toMatch(/[/\\:]|^(con|\.\.?)$/i);
    expect(await readdir(parent)).toEqual(['inside']);
  });

  test('also downloads results with --results, into a folder of their own', async () => {
    await putJob({
      'u1.png': ['holiday.png', 'file'],
      'u2.png': ['holiday.png', 'file'],
      'u3.png': ['results', 'file'],
    });
    for (const uuid of ['u1.png', 'u2.png', 'u3.png']) {
      await stack.bucket.put(`${userId}/1/results/${uuid}.json`, `full ${uuid}`);
      await stack.bucket.put(`${userId}/1/results/${uuid}.min.json`, `min ${uuid}`);
    }
    const { exitCode, stdout, stderr } = await download('--results', '--names');
    expect([exitCode, stdout, stderr]).toEqual([0, `9 of 9 files are in ${folder}\n`, '']);
    const names = ['holiday (u1.png).png', 'holiday (u2.png).png', 'results (u3.png)'];
    const results = names.flatMap((name) => [`results/${name}.json`, `results/${name}.min.json`]);
    expect(await filesIn(folder)).toEqual([...names, ...results].sort());
    expect(await readFile(join(folder, 'results/holiday (u2.png).png.min.json'), 'utf8')).toBe('min u2.png');
    expect(await readFile(join(folder, 'results/results (u3.png).json'), 'utf8')).toBe('full u3.png');
  });

  test('resumes after it was killed, and every file is identical to its source', async () => {
    const bodies = Array.from({ length: 6 }, () => randomBytes(400_000));
    await putJob(Object.fromEntries(bodies.map((body, index) => [`u${index}`, [`${index}.bin`, body]])));
    // Two files arrive; of the others, one half arrives and then nothing.
    let count = 0;
    script = async (_, forward) => ({ ...(await forward()), ...(++count > 2 && { midway: 'hang' as const }) });
    const child = startCli(['download', '1', '--to', folder], env);
    await until(async () => (await partBytes()) === 4 * 200_000 && (await filesIn(folder)).length === 2);
    child.kill('SIGKILL');
    await resultOf(child);

    script = forwarding;
    requests = [];
    const { exitCode, stdout } = await download();
    expect([exitCode, stdout]).toEqual([0, `6 of 6 files are in ${folder}, 2 of them earlier\n`]);
    for (const [index, body] of bodies.entries()) await expectFile(`u${index}`, body);
    expect(requests.map(({ headers }) => headers.range).filter(Boolean)).toEqual(Array(4).fill('bytes=199999-'));
    expect(await partBytes()).toBe(0);

    expect((await download()).stdout).toBe(`6 of 6 files are in ${folder}, 6 of them earlier\n`);
  });

  test('resumes after each connection that is lost', async () => {
    const body = randomBytes(1_000_000);
    await putJob({ u1: ['a.bin', body] });
    let count = 0;
    script = async (_, forward) => ({ ...(await forward()), ...(++count < 6 && { midway: 'reset' as const }) });
    const { exitCode, stderr } = await download();
    expect([exitCode, stderr]).toEqual([0, '']);
    await expectFile('u1', body);
    expect(requests).toHaveLength(6);
  });

  test('requests a new link when one has expired', async () => {
    const body = randomBytes(10_000);
    await putJob({ u1: ['a.bin', body] });
    let count = 0;
    script = async (_, forward) =>
      ++count === 1 ? { status: 403, headers: {}, body: Buffer.from('<Error>Request has expired</Error>') } : forward();
    expect((await download()).exitCode).toBe(0);
    await expectFile('u1', body);
    expect(requests).toHaveLength(2);
  });

  test('starts the file again when its version is not that of the part', async () => {
    await putJob({ u1: ['a.bin', randomBytes(400_000)] });
    script = async (_, forward) => ({ ...(await forward()), midway: 'hang' as const });
    const child = startCli(['download', '1', '--to', folder], env);
    await until(async () => (await partBytes()) === 200_000);
    child.kill('SIGKILL');
    await resultOf(child);
    script = forwarding;
    for (const size of [500_000, 10]) {
      const body = randomBytes(size);
      await putJob({ u1: ['a.bin', body] });
      expect((await download()).exitCode).toBe(0);
      await expectFile('u1', body);
    }
  });

  test('leaves a file with other content as it is, and says so', async () => {
    await putJob({ u1: ['a.txt', 'of the job'], u2: ['b.txt', 'of the job'], u3: ['c.txt', 'of the job'] });
    await mkdir(folder);
    await writeFile(join(folder, 'a.txt'), 'of the user');
    await writeFile(join(folder, 'b.txt'), 'of the job');
    await writeFile(join(parent, 'outside'), 'of the user');
    await symlink(join(parent, 'outside'), join(folder, 'c.txt'));
    const { exitCode, stdout, stderr } = await download('--names');
    expect(exitCode).toBe(1);
    expect(stdout).toBe(`1 of 3 files are in ${folder}\n`);
    expect(stderr).toContain('jobs-api: a.txt was not downloaded: a file with other content is there');
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('of the user');
    expect(await readFile(join(parent, 'outside'), 'utf8')).toBe('of the user');
  });

  test('downloads the other files when one does not exist', async () => {
    await putJob({ u1: ['a.txt', 'a'], u2: ['b.txt', 'b'] });
    await stack.bucket.hide(`${userId}/1/u1`);
    const { exitCode, stderr } = await download();
    expect([exitCode, stderr]).toEqual([1, 'jobs-api: u1 was not downloaded: there is no such file in the store\n']);
    expect(await filesIn(folder)).toEqual(['u2']);
  });

  test('exits with 4 when there is no such job, and makes no folder', async () => {
    expect((await runCli(['download', '9', '--to', folder], env)).exitCode).toBe(4);
    expect(await readdir(parent)).toEqual([]);
  });

  test('exits with 130 at Ctrl-C, restores the terminal, and resumes later', async () => {
    const body = randomBytes(400_000);
    await putJob({ u1: ['a.bin', body] });
    script = async (_, forward) => ({ ...(await forward()), midway: 'hang' as const });
    const child = startOnTerminal(['download', '1', '--to', folder], env);
    const ended = resultOf(child);
    await until(async () => (await partBytes()) === 200_000);
    child.stdin.write('\u0003');
    const { exitCode, stdout } = await ended;
    expect(exitCode).toBe(130);
    expect(stdout).toContain('0 of 1 files');
    // The cursor is hidden and shown again.
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
    script = forwarding;
    expect((await download()).exitCode).toBe(0);
    await expectFile('u1', body);
  });
});
