// The built command line against the built service on the stand-ins.
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type LocalStack } from '@jobs-api/local';
import { listen, closeServer } from '@jobs-api/local/loopback';
import { createServer } from 'node:http';
import { SERVICE } from '../harness/built.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';
import { resultOf, runCli, runShell, startCli, startOnTerminal, type CliEnv } from './run-cli.ts';

let stack: LocalStack;
let service: ServiceProcess;
let env: CliEnv;
let users = 0;
let userId: string;

beforeAll(async () => {
  stack = await startStack();
  service = await startService(SERVICE, { ...stack.env, DRAIN_SECONDS: '0' });
});

beforeEach(async () => {
  userId = `user-${++users}`;
  env = { JOBS_URL: service.origin, JOBS_TOKEN: await stack.tokenIssuer.issueToken(userId) };
});

afterAll(async () => {
  service.kill('SIGTERM');
  await service.exitCode;
  await stack.close();
});

const put = (jobId: number, status: string, more: object = {}) =>
  stack.table.put({ userId, jobId, status, date: '2026-01-31 12:34:56.000000000 UTC', ...more });

const jsonLines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('jobs-api list', () => {
  beforeEach(async () => {
    await put(1, 'success', { jobName: 'Coast walk', totalSize: 87_900 });
    await put(2, 'processing...45%', { jobName: 'Museum \u001b]0;x\u0007 visit' });
    await put(3, 'queued');
  });

  test('prints a table, without anything that a terminal would act on', async () => {
    const { exitCode, stdout, stderr } = await runCli(['list'], env);
    expect([exitCode, stderr]).toEqual([0, '']);
    const [header, ...rows] = stdout.trimEnd().split('\n');
    expect(header).toMatch(/^ID +STATUS +DATE \(UTC\) +SIZE +NAME$/);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^1 +success +2026-01-31 12:34 +87.9 kB +Coast walk$/);
    expect(rows[1]).toMatch(/^2 +processing 45% .*Museum \ufffd\]0;x\ufffd visit$/);
    expect(rows[2]).toMatch(/^3 +queued .* -$/);
    expect(stdout).not.toContain('\u001b');
  });

  test('prints one line of JSON for each job with --json', async () => {
    const { stdout } = await runCli(['list', '--json', '--order', 'desc'], env);
    expect(jsonLines(stdout).map(({ job_id }) => job_id)).toEqual([3, 2, 1]);
    const piped = await runShell(
      '$CLI list --json | node -p \'JSON.parse(fs.readFileSync(0, "utf8").split("\\n")[0]).job_name\'',
      env,
    );
    expect(piped.stdout).toBe('Coast walk\n');
  });

  test('prints jobs of one status, and no more than --limit', async () => {
    expect((await runCli(['list', '--status', 'queued'], env)).stdout).toMatch(/\n3 +queued/);
    expect(jsonLines((await runCli(['list', '--json', '--limit', '2'], env)).stdout)).toHaveLength(2);
    const none = await runCli(['list', '--status', 'pending'], env);
    expect(none).toEqual({ exitCode: 0, stdout: 'No jobs\n', stderr: '' });
  });

  test('ends without a word when its output is closed', async () => {
    await stack.table.putMany(
      Array.from({ length: 3_000 }, (_, index) => ({
        userId,
        jobId: index + 10,
        status: 'queued',
        jobName: 'x'.repeat(200),
      })),
    );
    const { stdout, stderr } = await runShell('$CLI list --json | head -1; echo "${PIPESTATUS[0]}"', env);
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('0');
  });

  test('passes on why the service rejects a parameter', async () => {
    const { exitCode, stderr } = await runCli(['list', '--status', 'finished'], env);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^jobs-api: The status query parameter must be one .*\n$/);
  });
});

describe('jobs-api get', () => {
  test('shows a job and its files', async () => {
    await put(1, 'success', {
      jobName: 'Coast walk',
      objectUuidNames: { 'u1.png': 'sunset.png', 'u2.txt': 'notes.txt' },
      failedToProcess: { 'u2.txt': 'The file cannot be read' },
    });
    const { exitCode, stdout } = await runCli(['get', '1'], env);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Status +success$/m);
    expect(stdout).toMatch(/^u1.png +result +sunset.png$/m);
    expect(stdout).toMatch(/^u2.txt +failed +notes.txt: The file cannot be read$/m);
    const [body] = jsonLines((await runCli(['get', '1', '--json'], env)).stdout);
    expect(body).toMatchObject({ job_info: { job_id: 1, user_id: userId }, results: { 'u1.png': {} } });
  });

  test('ends with 4 when there is no such job', async () => {
    const { exitCode, stdout, stderr } = await runCli(['get', '99'], env);
    expect([exitCode, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(/^jobs-api: The job does not exist \(status 404, request [0-9a-f-]+\)\n$/);
  });
});

describe('jobs-api link', () => {
  test('prints a link and nothing else', async () => {
    await stack.bucket.put(`${userId}/1/u1.txt`, 'hello');
    const { exitCode, stdout } = await runCli(['link', '1', 'u1.txt', '--download-as', 'a.txt'], env);
    expect(exitCode).toBe(0);
    const response = await fetch(stdout.trim());
    expect(await response.text()).toBe('hello');
    expect(response.headers.get('content-disposition')).toContain('a.txt');
    expect(jsonLines((await runCli(['link', '1', 'u1.txt', '--json'], env)).stdout)[0]).toHaveProperty('expires_at');
  });
});

describe('jobs-api delete', () => {
  beforeEach(async () => {
    for (const jobId of [1, 2, 3]) await put(jobId, 'success');
    await stack.bucket.put(`${userId}/1/u1.txt`, 'hello');
  });

  const remaining = async () => jsonLines((await runCli(['list', '--json'], env)).stdout).map(({ job_id }) => job_id);

  test('deletes jobs with their files when --yes is given', async () => {
    const { exitCode, stdout, stderr } = await runCli(['delete', '1', '3', '99', '--yes'], env);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.match(/: deleted/g)).toHaveLength(3);
    expect(await remaining()).toEqual([2]);
    expect(await stack.bucket.isEmpty(`${userId}/1/`)).toBe(true);
  });

  test('reads ids from standard input', async () => {
    const { exitCode, stdout } = await runCli(['delete', '-', '--yes', '--json'], env, '1\n2\n');
    expect(exitCode).toBe(0);
    expect(
      jsonLines(stdout)
        .map(({ job_id, deleted }) => [job_id, deleted])
        .sort(),
    ).toEqual([
      [1, true],
      [2, true],
    ]);
    expect(await remaining()).toEqual([3]);
  });

  test.each([
    ['without a terminal and without --yes', ['delete', '1'], ''],
    ['when ids come from standard input without --yes', ['delete', '-'], '1\n2\n'],
    ['when one id is not an id', ['delete', '1', '2x', '--yes'], ''],
    ['when one line of standard input is not an id', ['delete', '-', '--yes'], '1\nID\n'],
  ])('deletes nothing %s', async (_, args, input) => {
    const { exitCode, stdout, stderr } = await runCli(args, env, input);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^jobs-api: .*nothing was deleted.*\n$/);
    expect(await remaining()).toEqual([1, 2, 3]);
  });

  test.each([
    ['y', 0, [2, 3]],
    ['', 1, [1, 2, 3]],
    ['no', 1, [1, 2, 3]],
  ])('asks on a terminal, and takes %j', async (reply, exitCode, left) => {
    const child = startOnTerminal(['delete', '1'], env);
    let written = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (!written.includes('[y/N]') && `${written}${String(chunk)}`.includes('[y/N]')) child.stdin.write(`${reply}\n`);
      written += String(chunk);
    });
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(exitCode);
    expect(written).toContain('Delete job 1 with all files and results? [y/N]');
    expect(await remaining()).toEqual(left);
  });

  test('ends with 130 when Ctrl-C is pressed at the question', async () => {
    const child = startOnTerminal(['delete', '1'], env);
    child.stdout.on('data', (chunk: Buffer) => String(chunk).includes('[y/N]') && child.stdin.write('\u0003'));
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(await remaining()).toEqual([1, 2, 3]);
  });
});

describe('jobs-api', () => {
  test.each([
    ['no JOBS_URL', { JOBS_URL: '' }, 2, /^jobs-api: set JOBS_URL .*\n$/],
    ['a JOBS_URL that is no address', { JOBS_URL: 'localhost:3000' }, 2, /^jobs-api: JOBS_URL must be .*\n$/],
    ['no JOBS_TOKEN', { JOBS_TOKEN: '' }, 2, /^jobs-api: set JOBS_TOKEN .*\n$/],
    ['a JOBS_TOKEN with a line break', { JOBS_TOKEN: 'a\nb' }, 2, /^jobs-api: JOBS_TOKEN is not a token.*\n$/],
    ['a wrong token', { JOBS_TOKEN: 'wrong' }, 3, /^jobs-api: the service rejected the token.*\n$/],
    [
      'no service at that address',
      { JOBS_URL: 'http://127.0.0.1:1' },
      6,
      /^jobs-api: the service cannot be reached: .*\n$/,
    ],
  ])('has one line for %s', async (_, changes, exitCode, message) => {
    const result = await runCli(['list'], { ...env, ...changes });
    expect(result).toMatchObject({ exitCode, stdout: '' });
    expect(result.stderr).toMatch(message);
  });

  test.each([[['list', '--colour']], [['get', '01']], [['get']], [['frobnicate']], [[]]])(
    'ends with 2 for the arguments %j',
    async (args) => {
      const { exitCode, stdout, stderr } = await runCli(args, env);
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).not.toBe('');
    },
  );

  test('documents its environment and its exit codes with --help', async () => {
    const { exitCode, stdout } = await runCli(['--help'], {});
    expect(exitCode).toBe(0);
    for (const text of ['download', 'JOBS_TOKEN', 'the token was rejected']) expect(stdout).toContain(text);
    expect((await runCli(['--version'], {})).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends without a word at %s', async (signal, exitCode) => {
    const server = createServer(() => child.kill(signal));
    const child = startCli(['list'], { ...env, JOBS_URL: await listen(server) });
    expect(await resultOf(child)).toEqual({ exitCode, stdout: '', stderr: '' });
    await closeServer(server);
  });
});
