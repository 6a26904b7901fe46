import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const run = (script: string, env: NodeJS.ProcessEnv) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', '--conditions=source', script], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, ...env },
  });

test('`pnpm start` prints a report from DynamoDB and S3, and ends', async () => {
  const { stdout, stderr } = await run('src/start.ts', {
    AWS_PROFILE: 'no-such-profile',
    JOBS_TABLE: 'elsewhere',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: undefined,
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^alice: 11 jobs$/m);
  expect(stdout).toMatch(/^bob: 11 jobs$/m);
  expect(stdout).toMatch(/^ {4}broken\.png: The file cannot be read, see http:\S+X-Amz-Signature=\S+$/m);
});

test('main.ts names the variables that are missing', async () => {
  const failed = run('src/main.ts', { JOBS_TABLE: '', JOBS_BUCKET: '' });
  await expect(failed).rejects.toMatchObject({
    stderr: expect.stringContaining('JOBS_TABLE is missing\nJOBS_BUCKET is missing'),
  });
});
