import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

test('`pnpm start` serves a job whose file can be downloaded and deleted', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'start-'));
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=source', 'src/start.ts', directory], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    let printed = '';
    for await (const chunk of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      printed += String(chunk);
      if (printed.includes('Ctrl-C')) break;
    }
    const Authorization = /TOKEN=(\S+)/.exec(printed)?.[1] as string;
    const [list, get, remove] = [...printed.matchAll(/"(http:[^"]+)"/g)].map(([, url]) => url as string);
    const ask = async (url: string | undefined, method = 'GET'): Promise<unknown> =>
      (await fetch(url as string, { method, headers: { Authorization } })).json();

    expect(await ask(list)).toMatchObject({ jobs: [{ job_id: 1, status: 'queued' }] });
    const job = (await ask(get)) as { object_urls: Record<string, string> };
    const [url] = Object.values(job.object_urls) as [string];
    expect(await (await fetch(url)).text()).toContain('SQLite');
    expect(await ask(remove, 'DELETE')).toEqual({ message: 'Ok' });
    expect(await ask(list)).toEqual({ jobs: [] });
    expect((await fetch(url)).status).toBe(404);
    expect(await readdir(join(directory, 'objects/+alice'))).toEqual([]);
  } finally {
    child.kill();
    await ended;
    await rm(directory, { recursive: true });
  }
});
