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

  test('prints a table without control characters', async () => {
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

  test('prints jobs by status, name and time, and no more than --limit', async () => {
    expect((await runCli(['list', '--status', 'pending,queued'], env)).stdout).toMatch(/\n3 +queued/);
    const walks = await runCli(['list', '--json', '--name', 'walk', '--after', '2026-01-01T00:00:00Z'], env);
    expect(jsonLines(walks.stdout)).toMatchObject([{ job_id: 1, finished: true }]);
    expect(jsonLines((await runCli(['list', '--json', '--limit', '2'], env)).stdout)).toHaveLength(2);
    const none = await runCli(['list', '--status', 'pending'], env);
    expect(none).toEqual({ exitCode: 0, stdout: 'No jobs\n', stderr: '' });
  });

  test('ends without a message when its output is closed', async () => {
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

  test('prints why the service rejects a parameter', async () => {
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

  test('exits with 4 when there is no such job', async () => {
    const { exitCode, stdout, stderr } = await runCli(['get', '99'], env);
    expect([exitCode, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(/^jobs-api: The job does not exist \(status 404, request [0-9a-f-]+\)\n$/);
  });
});

describe('jobs-api wait', () => {
  test('prints each job when all are finished, and exits with 0 if all succeeded', async () => {
    await put(1, 'success');
    await put(2, 'processing...45%');
    const child = startCli(['wait', '1', '2'], env);
    setTimeout(() => void put(2, 'success_credits_restored'), 1_500);
    expect(await resultOf(child)).toEqual({
      exitCode: 0,
      stdout:
        '1: success, Job completed successfully\n' +
        '2: success_credits_restored, Job completed; credits for the files that failed were restored\n',
      stderr: '',
    });
  });

  test.each([
    ['failed_critical', 1],
    ['success', 0],
  ])('exits with the code for the outcome %s', async (status, exitCode) => {
    await put(1, status);
    const result = await runCli(['wait', '1', '--json'], env);
    expect(result.exitCode).toBe(exitCode);
    expect(jsonLines(result.stdout)).toMatchObject([{ job_id: 1, status, finished: true }]);
  });

  test('exits with 4 when the job is gone', async () => {
    const { exitCode, stdout } = await runCli(['wait', '99', '--json'], env);
    expect([exitCode, stdout]).toEqual([4, '{"job_id":99,"gone":true}\n']);
  });

  test('shows the progress on a terminal', async () => {
    await put(1, 'processing...45%');
    const child = startOnTerminal(['wait', '1'], env);
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      shown += String(chunk);
      if (shown.includes('45%')) void put(1, 'success');
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(shown).toMatch(/job 1: processing 45%[^]*1: success/);
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
    await stack.bucket.put(`${userId}/1/results/u1.txt.json`, '{}');
    const [result] = jsonLines(
      (await runCli(['link', '1', 'u1.txt', '--json', '--result', 'full', '--expires-in', '60'], env)).stdout,
    );
    expect(Date.parse(String(result?.expires_at)) - Date.now()).toBeLessThanOrEqual(60_000);
    expect(await (await fetch(String(result?.url))).text()).toBe('{}');
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
    expect(stdout).toContain('1: deleted (1 objects, 5 B)\n');
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

  test('keeps jobs that are not finished with --only-if finished, and exits with 5', async () => {
    await put(2, 'processing');
    const { exitCode, stdout, stderr } = await runCli(['delete', '1', '2', '--yes', '--only-if', 'finished'], env);
    expect(exitCode).toBe(5);
    expect(stdout).toBe('1: deleted (1 objects, 5 B)\n');
    expect(stderr).toMatch(/^jobs-api: job 2 was not deleted: The job is not finished .*\n$/);
    expect(await remaining()).toEqual([2, 3]);
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
  ])('asks for confirmation on a terminal, and accepts %j', async (reply, exitCode, left) => {
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

  test('exits with 130 when Ctrl-C is pressed at the question', async () => {
    const child = startOnTerminal(['delete', '1'], env);
    child.stdout.on('data', (chunk: Buffer) => String(chunk).includes('[y/N]') && child.stdin.write('\u0003'));
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(await remaining()).toEqual([1, 2, 3]);
  });
});

describe('jobs-api', () => {
  test.each([
    ['no JOBS_URL', { JOBS_URL: '' }, 2, /^jobs-api: set JOBS_URL .*\n$/],
    ['a JOBS_URL that is not a URL', { JOBS_URL: 'localhost:3000' }, 2, /^jobs-api: JOBS_URL must be .*\n$/],
    ['no JOBS_TOKEN', { JOBS_TOKEN: '' }, 2, /^jobs-api: set JOBS_TOKEN .*\n$/],
    ['a JOBS_TOKEN with a line break', { JOBS_TOKEN: 'a\nb' }, 2, /^jobs-api: JOBS_TOKEN is not a token.*\n$/],
    ['a wrong token', { JOBS_TOKEN: 'wrong' }, 3, /^jobs-api: the service rejected the token.*\n$/],
    [
      'no service at that address',
      { JOBS_URL: 'http://127.0.0.1:1' },
      6,
      /^jobs-api: the service cannot be reached: .*\n$/,
    ],
  ])('prints one line for %s', async (_, changes, exitCode, message) => {
    const result = await runCli(['list'], { ...env, ...changes });
    expect(result).toMatchObject({ exitCode, stdout: '' });
    expect(result.stderr).toMatch(message);
  });

  test.each([[['list', '--colour']], [['get', '01']], [['get']], [['frobnicate']], [[]]])(
    'exits with 2 for the arguments %j',
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
  ] as const)('ends without a message at %s', async (signal, exitCode) => {
    const server = createServer(() => child.kill(signal));
    const child = startCli(['list'], { ...env, JOBS_URL: await listen(server) });
    expect(await resultOf(child)).toEqual({ exitCode, stdout: '', stderr: '' });
    await closeServer(server);
  });
});
