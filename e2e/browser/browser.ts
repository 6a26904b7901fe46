import { setTimeout as sleep } from 'node:timers/promises';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

export interface OpenPage {
  readonly page: Page;
  /** Errors and warnings of the browser, such as a violated Content-Security-Policy, and requests that left 127.0.0.1. */
  readonly problems: readonly string[];
}

/** Long enough for a busy machine. */
const TIMEOUT_MS = 120_000;

export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 375, height: 812 };

/** Debian's headless Chromium, which `e2e/browser/test.sh` names in `CHROMIUM`. */
export const launchBrowser = (): Promise<Browser> => {
  const executablePath = process.env.CHROMIUM;
  if (executablePath === undefined) throw new Error('Run these tests with pnpm test:browser');
  return chromium.launch({ executablePath });
};

/** Opens a page in a context of its own, which shares nothing with others. */
export const openPage = async (
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> => {
  const context = await browser.newContext({ viewport: WIDE, ...options });
  const page = await context.newPage();
  context.setDefaultTimeout(TIMEOUT_MS);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (/^https?:$/.test(protocol) && hostname !== '127.0.0.1') problems.push(`requested ${request.url()}`);
  });
  await page.goto(url);
  return { page, problems };
};

/**
 * Waits for an expression to be true in the page. Playwright's own `waitForFunction` needs `eval`, which the page's
 * Content-Security-Policy forbids.
 */
export const until = async (page: Page, expression: string): Promise<void> => {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await page.evaluate(expression))) {
    if (Date.now() > deadline) throw new Error(`This did not become true: ${expression}`);
    await sleep(50);
  }
};

/** Violations that axe finds in the page as it is now: the rule and the elements, a line each. */
export const accessibilityViolations = async (page: Page): Promise<string[]> => {
  // The debugger evaluates it, so the page's Content-Security-Policy does not apply.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
};

/** How many pixels the page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
