import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { openapi } from '@jobs-api/http-express';

const CLIENT = fileURLToPath(new URL('../../packages/client', import.meta.url));

test('the generated types match the OpenAPI document (after a change to it, run pnpm generate)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
  await writeFile(join(folder, 'openapi.json'), JSON.stringify(openapi));
  await promisify(execFile)(
    join(CLIENT, 'node_modules/.bin/openapi-typescript'),
    [join(folder, 'openapi.json'), '--output', join(folder, 'openapi.ts')],
    { cwd: CLIENT },
  );
  const [generated, checkedIn] = await Promise.all(
    [join(folder, 'openapi.ts'), join(CLIENT, 'src/openapi.ts')].map((file) => readFile(file, 'utf8')),
  );
  await rm(folder, { recursive: true });
  expect(checkedIn).toBe(generated);
});
