// The client in a page, against a service of another origin, with faults. It is the service's app; only its stores are
// in memory.
import { spawn } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { MemoryJobStore } from '@jobs-api/core/testing';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { type Browser } from 'playwright-core';
import { createMemoryApp } from '../harness/memory-app.ts';
import { launchBrowser, openPage, type OpenPage } from './browser.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const JOBS = [1, 2, 3, 4, 5, 6, 7];

let browser: Browser;
let script: string;
let site: Server;
let service: Server;
let serviceOrigin: string;
let jobStore: MemoryJobStore;
let token: string;
/** Responses that come before those of the app, each once; `undefined` leaves the request to the app. */
let faults: (RequestListener | undefined)[];
let requests: number;
let opened: OpenPage;

const bundle = async (): Promise<string> => {
  const options = ['--bundle', '--format=iife', '--global-name=jobsApi', '--target=es2022'];
  const esbuild = spawn(`${ROOT}/node_modules/.bin/esbuild`, ['packages/client/src/index.ts', ...options], {
    cwd: ROOT,
  });
  return text(esbuild.stdout);
};

beforeAll(async () => {
  [browser, script] = await Promise.all([launchBrowser(), bundle()]);
});

beforeEach(async () => {
  [faults, requests] = [[], 0];
  site = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' });
    response.end(`<!doctype html><title>client</title><link rel="icon" href="data:,"><script>${script}</script>`);
  });
  const siteOrigin = await listen(site);
  const { app, ...stored } = createMemoryApp({ corsOrigins: [siteOrigin] });
  ({ jobStore, token } = stored);
  for (const jobId of JOBS) jobStore.put({ userId: 'alice', jobId, status: 'success' });
  service = createServer((request, response) => {
    // The browser sends preflights by itself.
    if (request.method === 'OPTIONS') return void app(request, response);
    requests++;
    (faults.shift() ?? app)(request, response);
  });
  serviceOrigin = await listen(service);
  opened = await openPage(browser, siteOrigin);
});

afterEach(async () => {
  await opened.page.context().close();
  await Promise.all([closeServer(site), closeServer(service)]);
});

afterAll(() => browser.close());

/** Runs code in the page with `jobs`, a client of the service, and returns what it returns. */
const inPage = <Result>(code: string, options = ''): Promise<Result> =>
  opened.page.evaluate<Result>(`(async () => {
    const options = { baseUrl: '${serviceOrigin}', token: '${token}', ${options} };
    const { jobs } = jobsApi.createJobsClient(options);
    const collect = async (list, found = []) => {
      for await (const { job_id } of list) found.push(job_id);
      return found;
    };
    ${code}
  })()`);

const reset: RequestListener = (request) => void request.socket.destroy();
/** Responds like a gateway: without the headers that let a page of another origin read it. */
const unavailable: RequestListener = (_, response) => void response.writeHead(503).end('<html>');

describe('the client in a browser', () => {
  test('lists each job once from a service that fails twice, and continues after a third failure', async () => {
    faults = [reset, unavailable];
    expect(await inPage('return collect(jobs.list({ pageSize: 3 }))')).toEqual(JOBS);
    expect(requests).toBe(5);

    faults = [undefined, unavailable, unavailable, unavailable];
    const found = await inPage(`
      const list = jobs.list({ pageSize: 3 });
      const found = [];
      const error = await collect(list, found).catch((caught) => caught);
      const before = found.length;
      return { name: error.name, before, found: await collect(list, found) };`);
    expect(found).toEqual({ name: 'TypeError', before: 3, found: JOBS });
  });

  test('waits as long as Retry-After says, which CORS exposes', async () => {
    const overloaded: RequestListener = (request, response) =>
      void response
        .writeHead(503, {
          'Access-Control-Allow-Origin': request.headers.origin ?? '',
          'Access-Control-Expose-Headers': 'Retry-After',
          'Retry-After': '3600',
        })
        .end('{"message":"Service Unavailable"}');
    faults = [overloaded];
    const error = await inPage(
      'return jobs.get(1).catch(({ code, retryAfterSeconds }) => ({ code, retryAfterSeconds }))',
    );
    expect(error).toEqual({ code: 'UNAVAILABLE', retryAfterSeconds: 3600 });
    expect(requests).toBe(1);
  });

  test('renews a token that has expired', async () => {
    const renewing = `token: 'expired', onUnauthorized: async () => '${token}'`;
    expect(await inPage('return collect(jobs.list())', renewing)).toEqual(JOBS);
  });

  test('waits for a job, deletes jobs and has the request ids of errors', async () => {
    jobStore.put({ userId: 'alice', jobId: 1, status: 'processing...10%' });
    const waited = await inPage(`
      const updates = [];
      const onUpdate = (jobId, job) => {
        updates.push([jobId, job?.status]);
        if (job?.status === 'processing') jobs.delete(jobId);
      };
      const finished = await jobs.waitFor([1, 2], { onUpdate });
      return { finished: [...finished.keys()], updates };`);
    expect(waited).toEqual({
      finished: [2],
      updates: [
        [1, 'processing'],
        [2, 'success'],
        [1, undefined],
      ],
    });
    const results = await inPage<{ isDeleted: boolean }[]>(`
      const results = [];
      for await (const result of jobs.deleteMany([3, 4, 5], { onlyIf: 'finished', include: 'receipt' })) results.push(result);
      return results;`);
    expect(results.map(({ isDeleted }) => isDeleted)).toEqual([true, true, true]);
    const error = await inPage(`return jobs.get(99, { requestId: 'page-1' }).catch(({ requestId }) => requestId)`);
    expect(error).toBe('page-1');
  });
});
