import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { unzipSync } from 'fflate';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DIST = 'packages/lambda-entry/dist';

test('the zip holds the handler alone, and another build gives the same bytes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
  await promisify(execFile)(process.execPath, ['scripts/bundle.js', '--into', folder], { cwd: ROOT });
  const zip = await readFile(join(folder, DIST, 'jobs-api-lambda.zip'));
  expect(zip.equals(await readFile(join(ROOT, DIST, 'jobs-api-lambda.zip')))).toBe(true);
  const files = unzipSync(new Uint8Array(zip));
  expect(Object.keys(files)).toEqual(['handler.mjs']);
  const handler = await readFile(join(folder, DIST, 'handler.mjs'));
  expect(handler.equals(Buffer.from(files['handler.mjs'] ?? []))).toBe(true);
  await rm(folder, { recursive: true });
});
