import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { overSocket } from '@jobs-api/http-express/testing/contracts';
import { type LocalStack } from '@jobs-api/local';
import { startProcess, type NodeProcess } from '@jobs-api/local/start-process';
import { SERVICE } from '../harness/built.ts';
import { startFaultProxy, type FaultProxy } from '../harness/fault-proxy.ts';
import { runToEnd, startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

const EXAMPLE = new URL('../../examples/writers/', import.meta.url);
const FILES = { 'a.txt': 'first', 'b.txt': 'second', 'empty.txt': '', 'c.png': 'third' };
const MOMENTS = 20;
/** Time limit of a test that tries all moments, on a slow machine. */
const TIMEOUT_MS = 300_000;

describe.each([
  ['with versions', true],
  ['without versions', false],
])('the uploader and the processor of examples/writers, in a bucket %s', (_name, versioned) => {
  let folder: string;
  let stack: LocalStack;
  let proxy: FaultProxy;
  let service: ServiceProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
    for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
    // Bundled, because they are started some hundred times.
    await build({
      entryPoints: ['upload', 'process'].map((name) => fileURLToPath(new URL(`src/${name}.ts`, EXAMPLE))),
      outdir: `${folder}-built`,
      bundle: true,
      platform: 'node',
      format: 'esm',
      outExtension: { '.js': '.mjs' },
      banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    });
    stack = await startStack();
    if (versioned) await stack.bucket.create({ versioned });
    proxy = await startFaultProxy(stack.env);
    service = await startService(SERVICE, stack.env);
  });
  afterAll(async () => {
    service.kill('SIGKILL');
    await service.exitCode;
    await proxy.close();
    await stack.close();
    await Promise.all([folder, `${folder}-built`].map((path) => rm(path, { recursive: true })));
  });

  const start = (program: string, ...args: string[]): NodeProcess =>
    startProcess([join(`${folder}-built`, `${program}.mjs`), ...args], { env: { ...stack.env, ...proxy.env } });
  const run = async (program: string, ...args: string[]): Promise<string> => {
    const { output, errors, exitCode } = start(program, ...args);
    expect({ exitCode: await exitCode, errors }).toEqual({ exitCode: 0, errors: [] });
    return output.join('\n');
  };

  const request = async (userId: string, method: string, target: string) => {
    const Authorization = await stack.tokenIssuer.issueToken(userId);
    const path = `/api/v1/jobs/${target}`;
    const { status, body } = await overSocket(service.origin)({
      method,
      path,
      headers: [['Authorization', Authorization]],
    });
    return { status, body: JSON.parse(body) as Record<string, unknown> };
  };
  const jobsOf = async (userId: string) =>
    ((await request(userId, 'GET', 'list')).body.jobs as { job_id: number }[]).map(({ job_id }) => job_id);
  /** Deletes the jobs in the list, as a user does, and returns how many there were. */
  const deleteJobs = async (userId: string): Promise<number> => {
    const ids = await jobsOf(userId);
    for (const id of ids)
      expect(await request(userId, 'DELETE', `delete?job-id=${id}`)).toEqual({ status: 200, body: { message: 'Ok' } });
    return ids.length;
  };

  const expectNoTrace = async (userId: string) => {
    expect(await stack.bucket.contents(`${userId}/`)).toEqual([]);
    expect((await stack.table.keys()).filter((key) => key.startsWith(`${userId}/`))).toEqual([]);
    expect(await jobsOf(userId)).toEqual([]);
  };

  /** Counts the calls of both programs when nothing disturbs them. */
  const countCalls = async () => {
    proxy.play((_call, forward) => forward());
    const jobId = await run('upload', folder, 'counted');
    const uploadCalls = proxy.calls.length;
    proxy.play((_call, forward) => forward());
    expect(await run('process', 'counted', jobId)).toBe('success');
    return { jobId, calls: [uploadCalls, proxy.calls.length] as const };
  };

  /** Runs both programs and does something right before the call at a position, counted from 1 over both. */
  const disturb = async (userId: string, position: number, act: (writer: NodeProcess) => Promise<void>) => {
    let jobId: string | undefined;
    let position0 = 0;
    for (const program of ['upload', 'process']) {
      if (program === 'process' && !/^[0-9]+$/.test(jobId ?? '')) return jobId;
      const writer: NodeProcess =
        program === 'upload' ? start('upload', folder, userId) : start('process', userId, jobId ?? '');
      const offset = position0;
      proxy.play(async (_call, forward) => {
        position0++;
        if (offset + proxy.calls.length === position) await act(writer);
        return writer.child.killed ? 'reset' : forward();
      });
      const exitCode = await writer.exitCode;
      if (writer.child.killed) return jobId;
      expect({ exitCode, errors: writer.errors }).toEqual({ exitCode: 0, errors: [] });
      if (program === 'upload') jobId = writer.output.join('\n');
    }
    return jobId;
  };

  let moments: readonly number[];
  beforeAll(async () => {
    const { calls } = await countCalls();
    const total = calls[0] + calls[1];
    moments = Array.from({ length: MOMENTS }, (_, index) => 1 + Math.floor((index * (total - 1)) / (MOMENTS - 1)));
  });

  test('make a complete job', async () => {
    const { jobId } = await countCalls();
    const { body } = await request('counted', 'GET', `get?job-id=${jobId}`);
    const { job_info: job, results } = body as {
      job_info: Record<string, unknown> & { object_uuid_names: Record<string, string>; failed_to_process: object };
      results: Record<string, { full: string; min: string }>;
    };
    expect(job).toMatchObject({ user_id: 'counted', status: 'success', total_size: 16, credits_spent: 3 });
    expect(Object.values(job.object_uuid_names).sort()).toEqual(Object.keys(FILES).sort());
    expect(Object.values(job.failed_to_process)).toEqual(['the file is empty']);
    expect(Object.keys(results)).toHaveLength(3);
    for (const { full, min } of Object.values(results)) {
      expect(await (await fetch(full)).json()).toEqual(await (await fetch(min)).json());
    }
  });

  test(
    `leave no trace of a job that is deleted before any of ${MOMENTS} of their calls`,
    async () => {
      for (const [index, position] of moments.entries()) {
        const userId = `deleted-${index}`;
        let deleted = 0;
        await disturb(userId, position, async () => void (deleted = await deleteJobs(userId)));
        // Before the record is written there is no job to delete. One that was deleted must not come back.
        if (deleted === 0) await deleteJobs(userId);
        await expectNoTrace(userId);
      }
    },
    TIMEOUT_MS,
  );

  if (!versioned) return;

  test(
    'leave no trace of a job that is deleted at the same time',
    async () => {
      for (const [index, position] of moments.entries()) {
        const userId = `raced-${index}`;
        let deletion = Promise.resolve(0);
        await disturb(userId, position, async () => void (deletion = deleteJobs(userId)));
        if ((await deletion) === 0) await deleteJobs(userId);
        await expectNoTrace(userId);
      }
    },
    TIMEOUT_MS,
  );

  test(
    'that are killed leave a job that its user can delete',
    async () => {
      for (const [index, position] of moments.entries()) {
        const userId = `killed-${index}`;
        await disturb(userId, position, async ({ stop }) => stop());
        const left = await stack.bucket.contents(`${userId}/`);
        if (left.length > 0) expect(await jobsOf(userId)).toHaveLength(1);
        await deleteJobs(userId);
        await expectNoTrace(userId);
      }
    },
    TIMEOUT_MS,
  );

  test(
    'the processor that is killed and started again after the job was deleted removes what it wrote',
    async () => {
      for (const [index, position] of moments.entries()) {
        const userId = `restarted-${index}`;
        const jobId = await disturb(userId, position, async ({ stop }) => {
          await deleteJobs(userId);
          await stop();
        });
        if (jobId === undefined || !/^[0-9]+$/.test(jobId)) continue;
        await proxy.restore();
        expect(await run('process', userId, jobId)).toMatch(/^(job [0-9]+ was deleted)$/);
        await expectNoTrace(userId);
      }
    },
    TIMEOUT_MS,
  );

  test('files and records that a careless processor leaves are listed by --orphans, and removed with --delete', async () => {
    const orphans = async (...args: string[]) => {
      const all = ['--orphans', '--older-than', '0s', ...args];
      const { exitCode, stdout } = await runToEnd(SERVICE, stack.env, all);
      expect(exitCode).toBe(0);
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object)
        .slice(0, -1);
    };
    await orphans('--delete');
    proxy.play((_call, forward) => forward());
    const [jobId, other] = [await run('upload', folder, 'careless'), await run('upload', folder, 'careless')];
    await run('process', 'careless', other);
    const before = await stack.bucket.contents(`careless/${other}/`);
    expect(await request('careless', 'DELETE', `delete?job-id=${jobId}`)).toMatchObject({ status: 200 });
    // It does not check whether the job still exists, and sets no condition.
    await stack.bucket.put(`careless/${jobId}/results/a.txt.json`, '{}');
    await stack.table.setStatusCarelessly('careless', Number(jobId), 'success');
    const left = { user_id: 'careless', job_id: Number(jobId), record: 'empty', objects: 1, uploads: 0, bytes: 2 };
    expect(await orphans()).toMatchObject([left]);
    expect(await orphans('--delete')).toMatchObject([left]);
    expect(await orphans()).toEqual([]);
    expect(await jobsOf('careless')).toEqual([Number(other)]);
    expect(await stack.bucket.contents('careless/')).toEqual(before);
  });
});
