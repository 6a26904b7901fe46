import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { openapi } from '@jobs-api/http-express';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const run = (tool: string, ...given: string[]) => promisify(execFile)(join(ROOT, tool), given, { cwd: ROOT });

test('the generated types are those of the document: after a change to it, run pnpm generate', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
  await writeFile(join(folder, 'openapi.json'), JSON.stringify(openapi));
  await run(
    'node_modules/.bin/openapi-typescript',
    join(folder, 'openapi.json'),
    '--output',
    join(folder, 'openapi.ts'),
  );
  const [generated, checkedIn] = await Promise.all(
    [join(folder, 'openapi.ts'), join(ROOT, 'src/openapi.ts')].map((file) => readFile(file, 'utf8')),
  );
  await rm(folder, { recursive: true });
  expect(checkedIn).toBe(generated);
});

test('the client is less than 5 KB for a browser, with everything that it needs', async () => {
  const options = ['--bundle', '--minify', '--format=esm', '--platform=browser', '--target=es2022'];
  const { stdout } = await run('../../node_modules/.bin/esbuild', 'src/index.ts', ...options);
  expect(stdout).toContain('/api/v1/jobs/list');
  expect(stdout).not.toMatch(/\b(require|import)\b/);
  expect(Buffer.byteLength(stdout)).toBeLessThan(5_000);
});
