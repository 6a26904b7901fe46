import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { startProcess } from '@jobs-api/local/start-process';
import { SERVICE } from '../harness/built.ts';
import { startFaultProxy, type FaultProxy } from '../harness/fault-proxy.ts';
import { refusedKeys } from '../harness/faults.ts';
import { runToEnd } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';
import { startStub } from '../harness/stub-server.ts';

interface Summary {
  readonly jobs: number;
  readonly objects: number;
  readonly uploads: number;
  readonly bytes: number;
  readonly deleted: boolean;
  readonly foreign_keys: number;
}

interface Line {
  readonly user_id: string;
  readonly job_id: number;
  readonly record: string;
  readonly objects: number;
  readonly uploads: number;
  readonly bytes: number;
  readonly newest: string | null;
}

describe.each([
  ['with an index', 'jobs-summary', true],
  ['without an index', '', false],
])('--orphans %s', (_name, index, versioned) => {
  let stack: LocalStack;
  let proxy: FaultProxy;

  beforeAll(async () => {
    stack = await startStack();
    proxy = await startFaultProxy(stack.env);
    if (versioned) await stack.bucket.create({ versioned });
  });
  afterAll(async () => {
    await proxy.close();
    await stack.close();
  });

  const env = () => ({ ...stack.env, ...proxy.env, JOBS_SUMMARY_INDEX: index, JWT_ISSUER: '', JWT_AUDIENCE: '' });

  const run = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await runToEnd(SERVICE, env(), ['--orphans', '--older-than', '0s', ...args]);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    const { summary } = lines.pop() as { summary: Summary };
    const byUser = (a: Line, b: Line) => a.user_id.localeCompare(b.user_id) || a.job_id - b.job_id;
    return { exitCode, stderr, summary, orphans: (lines as Line[]).sort(byUser) };
  };

  const OTHERS = ['alice/1/a.png', 'alice/10/a.png', 'alice/1/results/a.png.json'];
  const FOREIGN = ['readme.txt', 'alice/notes.txt', 'alice/01/a.png', 'alice/x/1/2', 'logs/2026-01/1/a'];

  beforeEach(async () => {
    proxy.play((_call, forward) => forward());
    for (const key of await stack.table.keys()) {
      const [userId = '', jobId] = key.split('/');
      await stack.table.delete(userId, Number(jobId));
    }
    for (const key of [...OTHERS, ...FOREIGN]) await stack.bucket.put(key, 'file');
    await stack.bucket.startUpload('alice/1/b.mov');
    await stack.table.put({ userId: 'alice', jobId: 1, jobName: 'Walk', totalSize: 4, status: 'success' });
    await stack.table.put({ userId: 'alice', jobId: 10, date: '2026-01-01 12:00:00.000000000 UTC' });
    await stack.table.put({ userId: 'zoe', jobId: 1, jobName: 'No files', status: 'pending' });

    await stack.bucket.put('alice/7/a.png', '12345');
    await stack.bucket.put('alice/7/results/a.png.json', '{}');
    await stack.bucket.startUpload('alice/7/b.mov');
    await stack.bucket.startUpload('bob@example.com/3/b.mov');
    await stack.table.setStatusCarelessly('carol', 5, 'success');
    await stack.bucket.put('carol/5/results/a.png.json', '{}');
    await stack.table.setStatusCarelessly('dave', 6, 'processing...45%');
  });

  const expectOthersUntouched = async () => {
    expect(await stack.table.keys()).toEqual(['alice/1', 'alice/10', 'zoe/1']);
    for (const key of [...OTHERS, ...FOREIGN]) expect(await stack.bucket.contents(key)).toContain(`version ${key}`);
    expect(await stack.bucket.contents('alice/1/b.mov')).toContain('upload alice/1/b.mov');
  };
  const expectNothingLeft = async () => {
    for (const prefix of ['alice/7/', 'bob@example.com/', 'carol/', 'dave/'])
      expect(await stack.bucket.contents(prefix)).toEqual([]);
    await expectOthersUntouched();
  };

  const written = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d.\d\d\dZ$/);
  const found = [
    { user_id: 'alice', job_id: 7, record: 'absent', objects: 2, uploads: 1, bytes: 7, newest: written },
    { user_id: 'bob@example.com', job_id: 3, record: 'absent', objects: 0, uploads: 1, bytes: 0, newest: written },
    { user_id: 'carol', job_id: 5, record: 'empty', objects: 1, uploads: 0, bytes: 2, newest: written },
    { user_id: 'dave', job_id: 6, record: 'empty', objects: 0, uploads: 0, bytes: 0, newest: null },
  ];
  const sums = { jobs: 4, objects: 3, uploads: 2, bytes: 9, foreign_keys: FOREIGN.length };

  test('prints what has no record or an empty one, changes nothing, and --delete leaves nothing of it', async () => {
    if (versioned) {
      await stack.bucket.put('alice/7/a.png', '12345');
      await stack.bucket.hide('alice/7/a.png');
      // A foreign key counts once, however many versions it has.
      await stack.bucket.put('readme.txt', 'file');
    }
    const [alice, ...rest] = found;
    const expected = versioned ? [{ ...alice, objects: 4, bytes: 12 }, ...rest] : found;
    const expectedSums = versioned ? { ...sums, objects: 5, bytes: 14 } : sums;
    const before = await stack.bucket.contents('');
    expect(await run()).toEqual({
      exitCode: 0,
      stderr: '',
      orphans: expected,
      summary: { ...expectedSums, deleted: false },
    });
    expect(await stack.bucket.contents('')).toEqual(before);
    expect(await run('--delete')).toEqual({
      exitCode: 0,
      stderr: '',
      orphans: expected,
      summary: { ...expectedSums, deleted: true },
    });
    await expectNothingLeft();
    expect(await run('--delete')).toMatchObject({ exitCode: 0, orphans: [], summary: { jobs: 0, deleted: true } });
  });

  test('--older-than leaves a job alone as a whole if anything of it is newer', async () => {
    const { orphans } = await run('--older-than', '1h', '--delete');
    expect(orphans).toEqual([found[3]]);
    expect((await stack.bucket.contents('alice/7/')).length).toBeGreaterThanOrEqual(3);
    expect(await stack.table.keys()).toContain('carol/5');
    await stack.table.put({ userId: 'carol', jobId: 5, jobName: 'Not empty any more' });
    await run('--delete');
  });

  test('--delete leaves alone a job whose record appears, or gets attributes, after it was found', async () => {
    // The last GetItem for a job is that of --delete.
    const seen = new Map<string, number>();
    proxy.play(async ({ name }, forward, body) => {
      const about = ['alice', 'carol', 'dave'].find((userId) => body?.toString().includes(`"${userId}"`));
      const isAboutOrphan = about !== undefined && /"[567]"/.test(String(body));
      if (isAboutOrphan && name === 'GetItem') {
        seen.set(about, (seen.get(about) ?? 0) + 1);
        if (about === 'alice' && seen.get(about) === 2)
          await stack.table.put({ userId: 'alice', jobId: 7, totalSize: 1 });
      }
      if (isAboutOrphan && name === 'DeleteItem')
        await stack.table.put({ userId: about, jobId: about === 'carol' ? 5 : 6 });
      return forward();
    });
    const { exitCode, orphans } = await run('--delete');
    expect({ exitCode, orphans }).toEqual({ exitCode: 0, orphans: [found[1]] });
    expect(await stack.table.keys()).toEqual(['alice/1', 'alice/10', 'alice/7', 'carol/5', 'dave/6', 'zoe/1']);
    expect((await stack.bucket.contents('alice/7/')).length).toBeGreaterThanOrEqual(3);
    expect((await stack.bucket.contents('carol/5/')).length).toBeGreaterThanOrEqual(1);
    await stack.table.delete('alice', 7);
    await stack.table.delete('carol', 5);
    proxy.play((_call, forward) => forward());
    await run('--delete');
  });

  test('--delete that is killed at any call, and repeated, leaves nothing and harms no other job', async () => {
    proxy.play((_call, forward) => forward());
    await run();
    const readCalls = proxy.calls.length;
    for (let position = 1; position < readCalls; position += 3) {
      const { child, exitCode } = startProcess([SERVICE, '--orphans', '--older-than', '0s', '--delete'], {
        env: env(),
      });
      proxy.play(async (_call, forward) => {
        if (proxy.calls.length === position) {
          child.kill('SIGKILL');
          await exitCode;
          return 'reset';
        }
        return forward();
      });
      await exitCode;
    }
    await proxy.restore();
    expect((await run('--delete')).exitCode).toBe(0);
    await expectNothingLeft();
  });

  test('exits with 1 and says why if something cannot be removed, and removes the rest', async () => {
    proxy.play(({ name }, forward, body) =>
      name === 'DeleteObjects' && body?.includes('alice/7/')
        ? refusedKeys('AccessDenied')({ to: 'bucket', name, nth: 1 }, forward)
        : forward(),
    );
    const { exitCode, stderr, orphans, summary } = await run('--delete');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^job 7 of alice was not deleted: .*AccessDenied/);
    expect(orphans).toEqual(found.slice(1));
    expect(summary).toMatchObject({ jobs: 3, deleted: false });
    await proxy.restore();
    await run('--delete');
    await expectNothingLeft();
  });

  test('exits with 1 and says why if the bucket or the table cannot be read', async () => {
    for (const [variable, name] of [
      ['JOBS_BUCKET', 'NoSuchBucket'],
      ['JOBS_TABLE', 'ResourceNotFoundException'],
    ] as const) {
      const { exitCode, stdout, stderr } = await runToEnd(SERVICE, { ...env(), [variable]: 'nothing' }, ['--orphans']);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^the search ended early: /);
      expect(stderr).toContain(name);
      expect(stdout).toContain('"deleted":false');
    }
  });
});

describe('--orphans', () => {
  test.each([
    [['--orphans', '--older-than', 'yesterday'], '--older-than must be'],
    [['--orphans', '--older-than', '-1h'], '--older-than'],
    [['--delete'], '--older-than and --delete belong to --orphans.'],
    [['--check', '--orphans'], 'cannot be combined'],
  ])('%j is refused with exit code 1', async (args, message) => {
    const { exitCode, stdout, stderr } = await runToEnd(SERVICE, {}, args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain(message);
  });

  test('names what is missing in the environment, which is not the issuer of tokens', async () => {
    const { exitCode, stderr } = await runToEnd(SERVICE, {}, ['--orphans']);
    expect(exitCode).toBe(1);
    expect(stderr).toBe('JOBS_TABLE is missing\nJOBS_BUCKET is missing\n');
  });

  test('counts 200,000 objects of one job with a heap of 20 MB', async () => {
    const PAGES = 200;
    const stack = await startStack();
    // A bucket of one job. The proxy makes up its lists.
    const bucket = await startStub((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://bucket');
      const prefix = searchParams.get('prefix') ?? '';
      const page = Number(searchParams.get('key-marker')?.slice('big/1/'.length) ?? 0);
      const isLast = !searchParams.has('versions') || searchParams.has('delimiter') || page === PAGES - 1;
      const entries = Array.from(
        { length: 1000 },
        (_, i) =>
          `<Version><Key>${prefix}${page}-${i}.png</Key><VersionId>null</VersionId><Size>3</Size>` +
          `<LastModified>2026-01-01T00:00:00.000Z</LastModified></Version>`,
      );
      const folders = prefix === '' ? 'big/' : 'big/1/';
      const content = !searchParams.has('versions')
        ? ''
        : searchParams.has('delimiter')
          ? `<CommonPrefixes><Prefix>${folders}</Prefix></CommonPrefixes>`
          : entries.join('');
      const next = isLast ? '' : `<NextKeyMarker>${prefix}${page + 1}</NextKeyMarker>`;
      response.end(`<L><IsTruncated>${!isLast}</IsTruncated>${next}${content}</L>`);
    });
    const { exitCode, stdout, stderr } = await runToEnd(
      SERVICE,
      { ...stack.env, AWS_ENDPOINT_URL_S3: bucket.origin, NODE_OPTIONS: '--max-old-space-size=20' },
      ['--orphans'],
    );
    await Promise.all([bucket.close(), stack.close()]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(
      `"job_id":1,"record":"absent","objects":${PAGES * 1000},"uploads":0,"bytes":${PAGES * 3000},`,
    );
  });
});
