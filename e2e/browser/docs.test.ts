import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnDev, untilStarted, type DevProcess } from '@jobs-api/dev/testing';
import type { LocalStack } from '@jobs-api/local';
import type { Browser, Page } from 'playwright-core';
import { SERVICE } from '../harness/built.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';
import { launchBrowser, openPage, overflow, PHONE, WIDE, type OpenPage } from './browser.ts';
import { startStack } from '../harness/stack.ts';

let browser: Browser;
let dev: DevProcess;
let stack: LocalStack;
let service: ServiceProcess;
let opened: OpenPage | undefined;
/** Problems that the running test expects. */
let expected: RegExp | undefined;

beforeAll(async () => {
  [browser, dev, stack] = await Promise.all([launchBrowser(), untilStarted(spawnDev(tmpdir())), startStack()]);
  service = await startService(SERVICE, { ...stack.env, DRAIN_SECONDS: '0' });
});

afterEach(async () => {
  const unexpected = (opened?.problems ?? []).filter((problem) => expected?.test(problem) !== true);
  await opened?.page.context().close();
  [opened, expected] = [undefined, undefined];
  expect(unexpected).toEqual([]);
});

afterAll(async () => {
  service.kill('SIGTERM');
  await Promise.all([browser.close(), dev.process.stop(), service.exitCode]);
  await stack.close();
});

const open = async (origin: string, viewport = WIDE): Promise<Page> => {
  opened = await openPage(browser, `${origin}/docs`, { viewport });
  await opened.page.locator('.opblock').first().waitFor();
  return opened.page;
};

/** Opens an operation and sends its request. Returns the status and the body that are shown. */
const send = async (page: Page, path: string): Promise<{ status: string; body: unknown }> => {
  const operation = page.locator('.opblock').filter({ has: page.locator(`[data-path="${path}"]`) });
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Execute' }).click();
  const response = operation.locator('.live-responses-table .response');
  const status = await response.locator('.response-col_status').innerText();
  const body = await response.locator('.highlight-code code').first().innerText();
  return { status: status.trim(), body: JSON.parse(body) };
};

describe('/docs', () => {
  test('lists the operations of the service', async () => {
    const page = await open(service.origin);
    const { paths } = (await (await fetch(`${service.origin}/openapi.json`)).json()) as { paths: object };
    const listed = await page.locator('.opblock-summary-path').allInnerTexts();
    expect(listed.map((path) => path.replaceAll('\u200b', '')).sort()).toEqual(Object.keys(paths).sort());
  });

  test('has the token of the sample user in dev, so that requests can be sent at once', async () => {
    const page = await open(dev.origin);
    const { status, body } = await send(page, '/api/v1/jobs/list');
    expect(status).toMatch(/^200/);
    expect((body as { jobs: object[] }).jobs).toHaveLength(11);
    const job = await send(page, '/api/v1/jobs/get');
    expect(job.status).toMatch(/^200/);
    expect(job.body).toMatchObject({ job_info: { user_id: 'alice', job_id: 1 } });
  });

  test('has no token in the deployed service, and takes one', async () => {
    const page = await open(service.origin);
    expected = /401/;
    expect(await send(page, '/api/v1/jobs/list')).toEqual({ status: '401', body: { message: 'Unauthorized' } });
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.locator('#auth-bearer-value').fill(await stack.tokenIssuer.issueToken('carol'));
    await page.locator('.auth-container').first().getByRole('button', { name: 'Apply credentials' }).click();
    await page.getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.locator('.live-responses-table .response-col_status').filter({ hasText: '200' }).waitFor();
  });

  test('fits a phone', async () => {
    const page = await open(service.origin, PHONE);
    expect(await overflow(page)).toBe(0);
    await page.locator('.opblock-summary-control').first().click();
    await page.getByRole('button', { name: 'Execute' }).waitFor();
    expect(await overflow(page)).toBe(0);
  });
});
