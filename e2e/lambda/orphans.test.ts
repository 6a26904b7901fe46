import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { startProcess } from '@jobs-api/local/start-process';
import { startStack } from '../harness/stack.ts';

const BUNDLE = fileURLToPath(new URL('../../packages/lambda-entry/dist/orphans.mjs', import.meta.url));

const invoke = async (env: Readonly<Record<string, string>>) => {
  const script = `import { handler } from ${JSON.stringify(BUNDLE)}; await handler({}, {});`;
  const { output, errors, exitCode } = startProcess(['--input-type=module', '-e', script], { env });
  return { exitCode: await exitCode, output, errors: errors.join('\n') };
};

test('the orphans function lists files without a record, and deletes them if ORPHANS_DELETE is true', async () => {
  const stack = await startStack();
  try {
    await stack.bucket.put('alice/7/a.png', 'file');
    await stack.table.put({ userId: 'alice', jobId: 1, jobName: 'Walk' });
    await stack.bucket.put('alice/1/a.png', 'file');
    const env = { ...stack.env, ORPHANS_OLDER_THAN: '0s' };
    const found = await invoke(env);
    expect(found).toMatchObject({ exitCode: 0, errors: '' });
    expect(found.output.map((line) => JSON.parse(line) as object)).toMatchObject([
      { user_id: 'alice', job_id: 7, objects: 1 },
      { summary: { jobs: 1, deleted: false } },
    ]);
    const deleted = await invoke({ ...env, ORPHANS_DELETE: 'true' });
    expect(deleted.output.at(-1)).toContain('"deleted":true');
    expect(await stack.bucket.contents('')).toEqual(['version alice/1/a.png']);
  } finally {
    await stack.close();
  }
});

test('the orphans function fails if the search is incomplete', async () => {
  const stack = await startStack();
  try {
    const { exitCode, errors } = await invoke({ ...stack.env, JOBS_BUCKET: 'nothing' });
    expect(exitCode).toBe(1);
    expect(errors).toMatch(/^the search ended early: /);
    expect(errors).toContain('the search for orphans is incomplete');
  } finally {
    await stack.close();
  }
});
