import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawnDev, untilStarted, type DevProcess } from '@jobs-api/dev/testing';
import { INHERITED_ENV } from '@jobs-api/local/start-process';

const ROOT = new URL('../../', import.meta.url);

let dev: DevProcess;
beforeAll(async () => {
  dev = await untilStarted(spawnDev(fileURLToPath(ROOT)));
});
afterAll(() => dev.process.stop());

test('the commands of examples/writers/README.md make a complete job while `pnpm dev` runs', async () => {
  const readme = await readFile(new URL('examples/writers/README.md', ROOT), 'utf8');
  const [, commands = ''] = /```bash\n([\s\S]+?)```/.exec(readme) ?? [];
  expect(commands).toContain('http://127.0.0.1:3000/');
  const script = commands.replaceAll('http://127.0.0.1:3000', dev.origin);
  const shell = { cwd: ROOT, env: INHERITED_ENV };
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', `${script}\necho "$job"`], shell);
  const [status, jobId] = stdout.trim().split('\n');

  const response = await fetch(`${dev.origin}/api/v1/jobs/get?job-id=${jobId}`, {
    headers: { Authorization: dev.token },
  });
  const { job_info: job, results } = (await response.json()) as {
    job_info: { object_uuid_names: Record<string, string> };
    results: Record<string, { full: string }>;
  };
  expect(job).toMatchObject({ user_id: 'alice', job_name: 'samples', status });
  expect(Object.values(job.object_uuid_names).sort()).toEqual(['chime.wav', 'notes.txt', 'route.pdf', 'sunset.png']);
  expect(Object.keys(results).sort()).toEqual(Object.keys(job.object_uuid_names).sort());
  for (const { full } of Object.values(results)) expect((await fetch(full)).status).toBe(200);
});
