import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openapi } from '@jobs-api/http-express';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { transform } from 'esbuild';
import { createMemoryApp } from '../harness/memory-app.ts';

const GENERATOR = fileURLToPath(new URL('../node_modules/.bin/swagger-typescript-api', import.meta.url));

interface GeneratedResponse {
  readonly status: number;
  readonly data: unknown;
  readonly error: unknown;
}

type GeneratedMethod = (query?: object) => Promise<GeneratedResponse>;

/** The generated client: a method for each operation, named by its id. */
interface GeneratedClient {
  setSecurityData(token: string): void;
  readonly api: Readonly<Record<'listJobs' | 'getJob' | 'getObjectUrl' | 'deleteJob', GeneratedMethod>>;
}

interface GeneratedModule {
  readonly Api: new (config: {
    baseUrl: string;
    securityWorker: (token: string) => { headers: Record<string, string> };
  }) => GeneratedClient;
}

let folder: string;
let server: Server;
let client: GeneratedClient;
const { app, jobStore, token } = createMemoryApp();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'other-generator-'));
  await writeFile(join(folder, 'openapi.json'), JSON.stringify(openapi));
  const [input, output] = [join(folder, 'openapi.json'), folder];
  await promisify(execFile)(GENERATOR, ['generate', '--path', input, '--output', output, '--name', 'api.ts']);
  const generated = await readFile(join(folder, 'api.ts'), 'utf8');
  const { code } = await transform(generated, { loader: 'ts', format: 'esm' });
  const { Api } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as GeneratedModule;

  server = createServer(app);
  client = new Api({
    baseUrl: await listen(server),
    securityWorker: (data) => ({ headers: { Authorization: data } }),
  });
  client.setSecurityData(token);
});

afterAll(async () => {
  await closeServer(server);
  await rm(folder, { recursive: true });
});

test('a client of another generator lists, reads, links to and deletes jobs', async () => {
  jobStore.put({ userId: 'alice', jobId: 3, jobName: 'a & b', status: 'success', objectUuidNames: { 'a.png': 'A' } });
  jobStore.put({ userId: 'alice', jobId: 17, status: 'queued' });
  const { api } = client;

  const listed = await api.listJobs({ status: 'success,queued', name: 'A & B', order: 'desc', limit: 10 });
  expect(listed).toMatchObject({ status: 200, data: { jobs: [{ job_id: 3, finished: true }] } });
  expect(await api.listJobs({ 'job-ids': '3,17' })).toMatchObject({ data: { jobs: [{ job_id: 3 }, { job_id: 17 }] } });
  const got = await api.getJob({ 'job-id': 3, include: 'object-urls', 'expires-in': 60 });
  expect(got.data).toMatchObject({ job_info: { job_id: 3 }, object_urls: { 'a.png': expect.any(String) } });
  const link = await api.getObjectUrl({ 'job-id': 3, 'object-uuid': 'a.png', result: 'min' });
  expect(link.data).toMatchObject({ url: expect.any(String) });

  const error = { message: 'The job is not finished', affected_query_parameter: 'job-id: number' };
  await expect(api.deleteJob({ 'job-id': 17, 'only-if': 'finished' })).rejects.toMatchObject({ status: 409, error });
  expect(await api.deleteJob({ 'job-id': 3, include: 'receipt' })).toMatchObject({
    data: { message: 'Ok', receipt: { job_id: 3, record: 'deleted' } },
  });
});
