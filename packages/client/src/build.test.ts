import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const run = (tool: string, ...given: string[]) => promisify(execFile)(join(ROOT, tool), given, { cwd: ROOT });

test('the client is less than 5 KB for a browser, with everything that it needs', async () => {
  const options = ['--bundle', '--minify', '--format=esm', '--platform=browser', '--target=es2022'];
  const { stdout } = await run('../../node_modules/.bin/esbuild', 'src/index.ts', ...options);
  expect(stdout).toContain('/api/v1/jobs/list');
  expect(stdout).not.toMatch(/\b(require|import)\b/);
  expect(Buffer.byteLength(stdout)).toBeLessThan(5_000);
});
