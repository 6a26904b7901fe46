import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

test('`pnpm start` serves a job with a file to download and delete, and exits 0 at SIGTERM', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'start-'));
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=source', 'src/start.ts', directory], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, PORT: '0', FILES_PORT: '0', DRAIN_SECONDS: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  try {
    let printed = '';
    for await (const chunk of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      printed += String(chunk);
      if (printed.includes('Ctrl-C')) break;
    }
    child.stdout.resume();
    const Authorization = /TOKEN=(\S+)/.exec(printed)?.[1] as string;
    const [list, get, remove] = [...printed.matchAll(/"(http:[^"]+)"/g)].map(([, url]) => url as string);
    const request = async (url: string | undefined, method = 'GET'): Promise<unknown> =>
      (await fetch(url as string, { method, headers: { Authorization } })).json();

    expect(await request(list)).toMatchObject({ jobs: [{ job_id: 1, status: 'queued' }] });
    const job = (await request(get)) as { object_urls: Record<string, string> };
    const [url] = Object.values(job.object_urls) as [string];
    expect(await (await fetch(url)).text()).toContain('SQLite');
    expect(await request(remove, 'DELETE')).toEqual({ message: 'Ok' });
    expect(await request(list)).toEqual({ jobs: [] });
    expect((await fetch(url)).status).toBe(404);
    expect(await readdir(join(directory, 'objects/+alice'))).toEqual([]);
  } finally {
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    await rm(directory, { recursive: true });
  }
});
