import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Bundles a module of a page and returns the script. */
const bundle = async (source: string): Promise<string> => {
  const options = ['--bundle', '--minify', '--format=esm', '--platform=browser', '--target=es2022'];
  const esbuild = spawn(join(ROOT, '../../node_modules/.bin/esbuild'), options, {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  esbuild.stdin.end(source);
  return text(esbuild.stdout);
};

test('the client with everything that it needs is less than 5 KB for a browser', async () => {
  const script = await bundle("export * from './src/index.ts'");
  expect(script).toContain('/api/v1/jobs/');
  expect(script).not.toMatch(/\b(require|import)\b/);
  expect(Buffer.byteLength(script)).toBeLessThan(5_000);
});

test('a bundle has nothing of a client that is imported and not used', async () => {
  expect(await bundle("import { createJobsClient, JobsApiError, jobDate } from './src/index.ts'")).toBe('');
});

test('a bundle that uses jobDate alone has nothing else of the client', async () => {
  const script = await bundle("import { jobDate } from './src/index.ts'; console.log(jobDate({ date: null }))");
  expect(script).toContain('UTC');
  expect(script).not.toContain('/api/v1/jobs/');
});
