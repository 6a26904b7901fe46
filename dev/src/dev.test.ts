import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type NodeProcess } from '@jobs-api/local/start-process';
import { spawnDev, untilStarted, type DevProcess } from './testing/dev-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SAMPLES = join(ROOT, 'dev/samples');

let folder: string;
let running: NodeProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
  running = [];
});

afterEach(async () => {
  for (const { stop } of running) await stop();
  await rm(folder, { recursive: true });
});

const spawn = (...parameters: string[]) => {
  const child = spawnDev(folder, ...parameters);
  running.push(child);
  return child;
};

interface Dev extends DevProcess {
  readonly curls: readonly string[];
  readonly askJson: (url: string, method?: string) => Promise<unknown>;
}

const startDev = (...parameters: string[]): Promise<Dev> => started(spawn(...parameters));

const started = async (running: NodeProcess): Promise<Dev> => {
  const dev = await untilStarted(running);
  const { printed, token } = dev;
  const askJson = async (url: string, method = 'GET') =>
    (await fetch(url, { method, headers: { Authorization: token } })).json();
  const curls = [...printed.matchAll(/^curl .*"(http:[^"]+)"$/gm)].map(([, url = '']) => url);
  return { ...dev, curls, askJson };
};

const api = ({ curls }: Dev, path: string) => curls[0]?.replace(/\/list$/, path) ?? '';

/** Sends a GET request with this `Host` and returns the status of the response. */
const statusOf = async ({ port, pathname, search }: URL, host: string): Promise<number | undefined> => {
  const sent = request({ port, host: '127.0.0.1', path: pathname + search, headers: { host }, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
};

interface JobAnswer {
  job_info: { object_uuid_names: Record<string, string>; total_size: number; failed_to_process: object };
  results: Record<string, { full: string; min: string }>;
}

describe('pnpm dev', () => {
  let home: string;
  let dev: Dev;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'jobs-api-'));
    dev = await started(spawnDev(home));
  });

  afterAll(async () => {
    await dev.process.stop();
    await rm(home, { recursive: true });
  });

  test('serves the jobs page at its address, and nothing else there', async () => {
    const { printed, origin } = dev;
    expect(printed).toContain(`${origin}/\n`);
    const page = await fetch(origin);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await fetch(`${origin}/page/main.js`)).status).toBe(200);
    const others = [fetch(origin, { method: 'POST' }), fetch(`${origin}/page/main.ts`)];
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([404, 404]);
  });

  test('has a job in every status', async () => {
    const { jobs } = (await dev.askJson(api(dev, '/list'))) as { jobs: { status: string; status_meaning: string }[] };
    expect(jobs.map(({ status }) => status)).toEqual([
      'success',
      'pending',
      'queued',
      'processing',
      'processing',
      'success_credits_restored',
      'success_credits_not_restored',
      'failed_size_mismatch',
      'failed_requeued',
      'failed_critical',
      'archived',
    ]);
    expect(jobs[4]?.status_meaning).toBe('Job is being processed (45% done)');
  });

  test('has results that match their files', async () => {
    const { job_info, results } = (await dev.askJson(api(dev, '/get?job-id=1'))) as JobAnswer;
    const expected: Record<string, object> = {
      'chime.wav': { type: 'audio/wav', duration_seconds: 2.5 },
      'notes.txt': { type: 'text/plain', words: 59 },
      'route.pdf': { type: 'application/pdf' },
      'sunset.png': { type: 'image/png', width: 640, height: 400 },
    };
    expect(Object.values(job_info.object_uuid_names).sort()).toEqual(Object.keys(expected));
    let size = 0;
    for (const [uuid, name] of Object.entries(job_info.object_uuid_names)) {
      const original = await readFile(join(SAMPLES, name));
      const { url } = (await dev.askJson(api(dev, `/get-object-url?job-id=1&object-uuid=${uuid}`))) as { url: string };
      expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(original)).toBe(true);
      for (const link of Object.values(results[uuid] ?? {}))
        expect(await (await fetch(link)).json()).toEqual({
          file_name: name,
          size: original.length,
          sha256: createHash('sha256').update(original).digest('hex'),
          ...expected[name],
        });
      size += original.length;
    }
    expect(job_info.total_size).toBe(size);
    expect(Object.keys(results)).toHaveLength(4);
  });

  test('returns links that stop working when one character is changed', async () => {
    const { results } = (await dev.askJson(api(dev, '/get?job-id=1'))) as JobAnswer;
    for (const { full } of Object.values(results)) {
      expect((await fetch(full)).status).toBe(200);
      const signature = full.indexOf('X-Amz-Signature=') + 'X-Amz-Signature='.length;
      const other = full[signature] === '0' ? '1' : '0';
      expect((await fetch(full.slice(0, signature) + other + full.slice(signature + 1))).status).toBe(403);
    }
  });

  test('returns 421 to a request with a foreign Host, at every address that it opens', async () => {
    const issuer = new URL(/"(http:[^"]+\/token\?sub=bob)"/.exec(dev.printed)?.[1] ?? '');
    const { url } = (await dev.askJson(dev.curls[2] ?? '')) as { url: string };
    const own = ['/', '/page/users.json', '/page/environment'].map((path) => new URL(path, dev.origin));
    for (const address of [...own, issuer, new URL(url)]) {
      const statusFor = (host: string) => statusOf(address, host);
      expect([address.pathname, await statusFor('attacker.example')]).toEqual([address.pathname, 421]);
      expect([address.pathname, await statusFor(`127.0.0.1.attacker.example:${address.port}`)]).toEqual([
        address.pathname,
        421,
      ]);
      expect([address.pathname, await statusFor(address.host)]).toEqual([address.pathname, 200]);
    }
    expect(await statusOf(new URL(dev.origin), `localhost:${new URL(dev.origin).port}`)).toBe(200);
  });
});

describe('pnpm dev, started again,', () => {
  test('prints commands that work when they are pasted, on one screen', async () => {
    const dev = await startDev();
    const lines = dev.printed.split('\n');
    expect(lines.reduce((rows, line) => rows + Math.ceil(Math.max(line.length, 1) / 80), 0)).toBeLessThanOrEqual(40);
    const [list = '', get = '', getObjectUrl = '', remove = ''] = dev.curls;
    expect(Object.keys((await dev.askJson(list)) as object)).toEqual(['jobs']);
    expect(Object.keys((await dev.askJson(get)) as object)).toEqual(['job_info', 'results', 'results_expire_at']);
    const { url } = (await dev.askJson(getObjectUrl)) as { url: string };
    expect((await fetch(url)).status).toBe(200);
    expect(await dev.askJson(remove, 'DELETE')).toEqual({ message: 'Ok' });
    const otherToken = /"(http:[^"]+\/token\?sub=bob)"/.exec(dev.printed)?.[1] ?? '';
    const Authorization = (await (await fetch(otherToken)).text()).trim();
    const others = (await (await fetch(list, { headers: { Authorization } })).json()) as { jobs: object[] };
    expect(others.jobs).toHaveLength(11);
  });

  test('ends at once at Ctrl-C with exit code 0, also while a response is not read', async () => {
    const dev = await startDev();
    const idle = connect(Number(new URL(dev.origin).port), '127.0.0.1');
    const unread = connect(Number(new URL(dev.origin).port), '127.0.0.1').pause();
    for (const socket of [idle, unread]) socket.on('error', () => undefined);
    unread.write('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20));
    await once(unread, 'readable');
    dev.process.child.kill('SIGINT');
    expect(await dev.process.exitCode).toBe(0);
  });

  test('makes a job of the files in a folder, and reports those that it could not read', async () => {
    const photos = join(folder, 'photos');
    await mkdir(join(photos, 'subfolder'), { recursive: true });
    await cp(join(SAMPLES, 'sunset.png'), join(photos, 'Über den Wolken (1).PNG'));
    await writeFile(join(photos, 'broken.jpg'), 'no picture');
    const dev = await startDev('--import', 'photos');
    const { job_info, results } = (await dev.askJson(dev.curls[1] ?? '')) as JobAnswer;
    expect(job_info).toMatchObject({ job_id: 12, job_name: 'photos' });
    expect(Object.values(job_info.object_uuid_names).sort()).toEqual(['broken.jpg', 'Über den Wolken (1).PNG'].sort());
    expect(Object.values(job_info.failed_to_process)).toEqual(['The file cannot be read']);
    const [[uuid, { full }] = ['', { full: '' }]] = Object.entries(results);
    expect(uuid).toMatch(/\.png$/);
    expect(await (await fetch(full)).json()).toMatchObject({ file_name: 'Über den Wolken (1).PNG', width: 640 });
  });

  test('keeps everything in a folder with --data, also when it is killed', async () => {
    const first = await startDev('--data', 'data');
    await first.askJson(api(first, '/delete?job-id=1'), 'DELETE');
    await first.process.stop();
    const second = await startDev('--data', 'data');
    const { jobs } = (await second.askJson(api(second, '/list'))) as { jobs: { job_id: number }[] };
    expect(jobs.map(({ job_id }) => job_id)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const { results } = (await second.askJson(api(second, '/get?job-id=6'))) as JobAnswer;
    for (const { full } of Object.values(results)) expect((await fetch(full)).status).toBe(200);
  });

  test.each([
    [['--import', 'nowhere'], 'nowhere: ENOENT'],
    [['--import', '.'], 'there are no files in that folder'],
    [['--export', 'x'], 'Usage: pnpm dev'],
    [['--import'], 'Usage: pnpm dev'],
  ])('exits with 1 and names the problem for %j', async (parameters, message) => {
    const { errors, exitCode } = spawn(...parameters);
    expect(await exitCode).toBe(1);
    expect(errors.join('\n')).toContain(message);
  });
});
