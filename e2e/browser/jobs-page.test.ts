import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnDev, untilStarted, type DevProcess } from '@jobs-api/dev/testing';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import {
  accessibilityViolations,
  launchBrowser,
  openPage,
  overflow,
  PHONE,
  until,
  WIDE,
  type OpenPage,
} from './browser.ts';

const SAMPLES = fileURLToPath(new URL('../../dev/samples', import.meta.url));

let browser: Browser;
let dev: DevProcess;
let opened: OpenPage | undefined;
/** Problems that the running test expects. */
let expected: RegExp | undefined;

const startDev = () => untilStarted(spawnDev(tmpdir()));

beforeAll(async () => {
  [browser, dev] = await Promise.all([launchBrowser(), startDev()]);
});

afterEach(async () => {
  const unexpected = (opened?.problems ?? []).filter((problem) => expected?.test(problem) !== true);
  await opened?.page.context().close();
  [opened, expected] = [undefined, undefined];
  expect(unexpected).toEqual([]);
});

afterAll(async () => {
  await Promise.all([browser.close(), dev.process.stop()]);
});

const open = async (path: string, options?: BrowserContextOptions): Promise<Page> => {
  opened = await openPage(browser, dev.origin + path, options);
  await opened.page.locator(':is(.job, .notice, #detail-heading):visible').first().waitFor();
  return opened.page;
};

const request = async (path: string, userId: string, method = 'GET') => {
  const users = (await (await fetch(`${dev.origin}/page/users.json`)).json()) as { name: string; token: string }[];
  const Authorization = users.find(({ name }) => name === userId)?.token ?? '';
  return fetch(`${dev.origin}/api/v1/jobs${path}`, { method, headers: { Authorization } });
};

const jobIdsOf = async (userId: string) => {
  const { jobs } = (await (await request('/list', userId)).json()) as { jobs: { job_id: number }[] };
  return jobs.map(({ job_id }) => job_id);
};

const file = (page: Page, name: string) => page.getByRole('article', { name });

describe('the list of the jobs page', () => {
  test('shows each job with its status and meaning, its date and its size', async () => {
    const page = await open('/');
    expect(await page.getByRole('heading', { name: '11 jobs' }).isVisible()).toBe(true);
    const text = async (name: string) => (await page.getByRole('link', { name }).innerText()).split(/\n+/);
    expect(await text('Coast walk')).toEqual([
      'Coast walk',
      'Done',
      'Job completed successfully',
      '1 Jan 2026 · 87.9 kB',
    ]);
    expect(await text('Museum visit')).toEqual([
      'Museum visit',
      'Processing',
      'Job is being processed (45% done)',
      '45 %',
      '5 Jan 2026 · 32 kB',
    ]);
    expect(await page.getByRole('progressbar').getAttribute('value')).toBe('45');
  });

  test('shows the jobs of the chosen user, also with the keyboard alone', async () => {
    const page = await open('/#/alice/1');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the jobs');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('API reference');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    await page.waitForURL('**/#/bob');
    expect(await page.getByRole('radio', { name: 'bob' }).isChecked()).toBe(true);
    await page.getByRole('definition').filter({ hasText: 'bob@example.com' }).waitFor();
  });

  test('shows jobs of one status or of several', async () => {
    const page = await open('/');
    await page.getByText('Every status').click();
    await page.getByRole('checkbox', { name: 'failed critical' }).check();
    await page.getByRole('heading', { name: '1 job', exact: true }).waitFor();
    expect(await page.locator('.job-name').allInnerTexts()).toEqual(['Field notes']);
    await page.getByRole('heading', { name: 'Field notes' }).waitFor();
    await page.getByRole('checkbox', { name: 'queued', exact: true }).check();
    await page.getByRole('heading', { name: '2 jobs' }).waitFor();
    expect(await page.locator('.job-name').allInnerTexts()).toEqual(['Garden', 'Field notes']);
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('checkbox').first().waitFor({ state: 'hidden' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe('2 statuses');
  });

  test('shows jobs whose name contains a text, and says if there are none', async () => {
    const page = await open('/');
    await page.getByRole('searchbox', { name: 'Name' }).pressSequentially('NOTES');
    await page.getByRole('heading', { name: '1 job', exact: true }).waitFor();
    expect(await page.locator('.job-name').allInnerTexts()).toEqual(['Field notes']);
    await page.getByRole('searchbox', { name: 'Name' }).fill('nothing of this name');
    await page.getByText('No such job').waitFor();
    await page.getByRole('searchbox', { name: 'Name' }).fill('');
    await page.getByRole('heading', { name: '11 jobs' }).waitFor();
  });

  test('shows the requests of the page', async () => {
    const page = await open('/');
    await page.getByText('GET /api/v1/jobs/get?job-id=1&include=object-urls').waitFor();
    const list = page.locator('#calls li').filter({ hasText: 'GET /api/v1/jobs/list?limit' });
    expect(await list.innerText()).toMatch(/^GET \/api\/v1\/jobs\/list\S+\s+200 · \d+ ms$/);
  });

  test('says that the service does not respond, and has a button to load again', async () => {
    const page = await open('/#/alice/1');
    expected = /Failed to load resource/;
    await page.context().setOffline(true);
    await page.getByRole('searchbox', { name: 'Name' }).fill('Garden');
    await page.getByText('The service does not respond').first().waitFor();
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'Garden' }).waitFor();
  });
});

describe('a job on the jobs page', () => {
  test('shows its files: the picture, the sound, the beginning of the text, and a link to the PDF', async () => {
    const page = await open('/#/alice/1');
    const picture = file(page, 'sunset.png').getByRole('img', { name: 'sunset.png' });
    await picture.waitFor();
    await until(page, "document.querySelector('.file img').naturalWidth === 640");
    await until(page, "document.querySelector('.file audio').duration.toFixed(1) === '2.5'");
    await file(page, 'notes.txt').getByText('We started at the lighthouse').waitFor();
    const pdf = await file(page, 'route.pdf').getByRole('link', { name: 'Open the PDF' }).getAttribute('href');
    const response = await fetch(pdf ?? '');
    expect(Buffer.from(await response.arrayBuffer()).equals(await readFile(join(SAMPLES, 'route.pdf')))).toBe(true);
  });

  test('shows the result of each file, and links to it', async () => {
    const page = await open('/#/alice/1');
    const picture = file(page, 'sunset.png');
    await picture.getByText('width').waitFor();
    expect(await picture.getByRole('definition').allInnerTexts()).toEqual(expect.arrayContaining(['image/png', '640']));
    const full = await picture.getByRole('link', { name: 'Full JSON' }).getAttribute('href');
    expect(await (await fetch(full ?? '')).json()).toMatchObject({ file_name: 'sunset.png', width: 640 });
  });

  test('downloads each file under its own name', async () => {
    const page = await open('/#/alice/1');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download sunset.png' }).click();
    expect((await download).suggestedFilename()).toBe('sunset.png');
    const saved = await readFile(await (await download).path());
    expect(saved.equals(await readFile(join(SAMPLES, 'sunset.png')))).toBe(true);
  });

  test('says that a file is not uploaded yet, and does not follow its link', async () => {
    const page = await open('/#/alice/2');
    expected = /404/;
    await file(page, 'notes.txt').getByText('Not uploaded yet').waitFor();
    await page.getByRole('button', { name: 'Download notes.txt' }).click();
    await page.getByText('notes.txt is not there: the storage responded with 404').waitFor();
  });

  test('says that a file could not be read', async () => {
    const page = await open('/#/alice/6');
    await file(page, 'broken.png').getByText('Cannot be shown').waitFor();
    await file(page, 'broken.png').getByText('The file cannot be read').waitFor();
  });

  test('is reported as missing if it does not exist', async () => {
    const page = await open('/#/alice/99');
    expected = /404/;
    await page.getByText('The job does not exist').waitFor();
  });
});

describe('a delete on the jobs page', () => {
  test('is confirmed first, and does nothing when the user cancels', async () => {
    const page = await open('/#/bob/1');
    await page.getByRole('button', { name: 'Delete job' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete “Coast walk”?' });
    expect(await dialog.innerText()).toContain('4 files (87.9 kB)');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Keep it');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Delete job' }).click();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await jobIdsOf('bob')).toContain(1);
  });

  test('removes a job and its files, and shows the receipt', async () => {
    const { object_urls: urls } = (await (await request('/get?job-id=8&include=object-urls', 'bob')).json()) as {
      object_urls: Record<string, string>;
    };
    const [url = ''] = Object.values(urls);
    expect((await fetch(url)).status).toBe(200);

    const page = await open('/#/bob/8');
    await page.getByRole('button', { name: 'Delete job' }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    const receipt = page.getByRole('status').filter({ hasText: '“Slides” was deleted: 2 objects (' });
    await receipt.waitFor();
    expect(await receipt.innerText()).toMatch(/ and its record\. Nothing was left at \d\d:\d\d:\d\d\.$/);
    await page.getByRole('link', { name: 'Slides' }).waitFor({ state: 'detached' });
    expect(await jobIdsOf('bob')).not.toContain(8);
    expect((await fetch(url)).status).toBe(404);
  });

  test('of a job that is not finished is rejected until the user confirms it again', async () => {
    const page = await open('/#/bob/3');
    expected = /409/;
    await page.getByRole('button', { name: 'Delete job' }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByRole('alert').filter({ hasText: 'The job is not finished' }).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Keep it' }).click();
    expect(await jobIdsOf('bob')).toContain(3);

    await page.getByRole('button', { name: 'Delete job' }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByRole('button', { name: 'Delete it anyway' }).click();
    await page.getByRole('status').filter({ hasText: '“Garden” was deleted' }).waitFor();
    expect(await jobIdsOf('bob')).not.toContain(3);
  });

  test('of the last job shows how to get jobs', async () => {
    for (const jobId of (await jobIdsOf('bob')).slice(1)) await request(`/delete?job-id=${jobId}`, 'bob', 'DELETE');
    const page = await open('/#/bob');
    await page.getByRole('button', { name: 'Delete job' }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByText('bob has no jobs').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
  });
});

test('the jobs page on a phone shows the list or the job, and moves the focus with it', async () => {
  const page = await open('/', { viewport: PHONE, hasTouch: true });
  expect(await page.getByRole('button', { name: 'Delete job' }).isVisible()).toBe(false);
  await page.getByRole('link', { name: 'Evening class' }).press('Enter');
  await page.getByRole('heading', { name: 'Evening class' }).waitFor();
  expect(await page.getByRole('link', { name: 'Coast walk' }).isVisible()).toBe(false);
  await until(page, "document.activeElement.id === 'detail-heading'");
  await page.getByRole('link', { name: 'All jobs' }).press('Enter');
  await until(page, "document.activeElement.textContent.startsWith('Evening class')");
  expected = /404/;
});

describe.each(['light', 'dark'] as const)('the jobs page in %s colours', (colorScheme) => {
  test.each([
    ['a wide window', WIDE, '/#/alice/1'],
    ['the list on a phone', PHONE, '/'],
    ['a job on a phone', PHONE, '/#/alice/1'],
    ['a small phone', { width: 320, height: 600 }, '/#/alice/6'],
  ])('is accessible and scrolls in one direction only: %s', async (_, viewport, path) => {
    const page = await open(path, { viewport, colorScheme });
    await page.waitForLoadState('networkidle');
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
  });

  test('has an accessible dialog before a delete', async () => {
    const page = await open('/#/alice/1', { colorScheme });
    await page.getByRole('button', { name: 'Delete job' }).click();
    expect(await accessibilityViolations(page)).toEqual([]);
  });
});
