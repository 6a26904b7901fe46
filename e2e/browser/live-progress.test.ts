// The jobs page in front of the built service, on stand-ins whose jobs the test changes.
import { createServer, request, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { jobsTable } from '@jobs-api/adapters-aws';
import { serveJobsPage } from '@jobs-api/dev';
import { startLocalStack, type LocalStack } from '@jobs-api/local';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { type Browser, type Page } from 'playwright-core';
import { SERVICE } from '../harness/built.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';
import { launchBrowser, openPage, type OpenPage } from './browser.ts';

let browser: Browser;
let stack: LocalStack;
let service: ServiceProcess;
let server: Server;
let opened: OpenPage;
let page: Page;

const put = (jobId: number, status: string) =>
  stack.table.put({ userId: 'alice', jobId, status, jobName: `Job number ${jobId}`, objectUuidNames: { u1: 'a.txt' } });

beforeAll(async () => {
  [browser, stack] = await Promise.all([
    launchBrowser(),
    startLocalStack({ table: jobsTable('jobs'), corsOrigin: '*' }),
  ]);
  service = await startService(SERVICE, { ...stack.env, DRAIN_SECONDS: '0' });
  server = createServer((incoming, response) => {
    const { method, url = '', rawHeaders } = incoming;
    const outgoing = request(`${service.origin}${url}`, { method, headers: rawHeaders }, (received) => {
      response.writeHead(received.statusCode ?? 502, received.rawHeaders);
      received.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  serveJobsPage(server, {
    filesOrigin: stack.env.AWS_ENDPOINT_URL_S3,
    users: async () => [{ name: 'alice', token: await stack.tokenIssuer.issueToken('alice') }],
    environment: stack.env,
  });
});

beforeEach(async () => {
  await put(1, 'processing...10%');
  await put(2, 'queued');
  await stack.bucket.put('alice/1/u1', 'hello');
  await stack.bucket.put('alice/1/results/u1.json', '{"lines":1}');
  opened = await openPage(browser, `${await listen(server)}/#/alice/1`);
  ({ page } = opened);
  await page.getByRole('heading', { name: 'Job number 1' }).waitFor();
});

afterEach(async () => {
  await page.context().close();
  await closeServer(server);
});

afterAll(async () => {
  service.kill('SIGTERM');
  await Promise.all([browser.close(), service.exitCode]);
  await stack.close();
});

const inList = (text: string) => page.locator('#jobs').getByText(text);
const inDetail = (text: string) => page.locator('#detail').getByText(text);

test('the jobs page shows the progress of a job and then its results, without being loaded again', async () => {
  await inDetail('10 %').waitFor();
  await put(1, 'processing...60%');
  await inList('60 %').waitFor();
  await inDetail('60 %').waitFor();
  await inDetail('Job is being processed (60% done)').waitFor();
  await put(1, 'success');
  await inDetail('Job completed successfully').waitFor();
  await inDetail('Full JSON').first().waitFor({ state: 'attached' });
  expect(await page.locator('#detail').getByRole('progressbar').count()).toBe(0);
  expect(opened.problems).toEqual([]);
});

test('the jobs page removes a job from the list that another program has deleted', async () => {
  await inList('Job number 2').waitFor();
  const Authorization = await stack.tokenIssuer.issueToken('alice');
  await fetch(`${service.origin}/api/v1/jobs/delete?job-id=2`, { method: 'DELETE', headers: { Authorization } });
  await inList('Job number 2').waitFor({ state: 'detached' });
  await inList('Job number 1').waitFor();
});

test('the jobs page keeps the focus on a job whose progress changes', async () => {
  await page.locator('[data-job="1"]').focus();
  await put(1, 'processing...70%');
  await inList('70 %').waitFor();
  expect(await page.evaluate('document.activeElement.dataset.job')).toBe('1');
});
