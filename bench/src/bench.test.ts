import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeAll } from './report.ts';
import type { MeasurementResult } from './results.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readJson = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as MeasurementResult[];

const runBench = async (...args: string[]) => {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=source', join(root, 'bench/src/main.ts'), ...args],
    { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const [stderr, exitCode] = await Promise.all([text(child.stderr), exit]);
  return { stderr, exitCode };
};

describe('pnpm bench --quick', () => {
  let into: string;
  let run: Awaited<ReturnType<typeof runBench>>;

  beforeAll(async () => {
    into = await mkdtemp(join(tmpdir(), 'jobs-api-bench-test-'));
    run = await runBench('--quick', '--into', into);
  }, 240_000);

  afterAll(() => rm(into, { recursive: true }));

  test('runs every measurement to finite figures', async () => {
    expect(run).toMatchObject({ exitCode: 0 });
    const results = await readJson(join(into, 'bench/results.json'));
    expect(results.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    for (const { outcome } of results) {
      const samples = [...(outcome?.series ?? []), ...(outcome?.goals ?? [])].map((one) => one.samples);
      expect(samples.length).toBeGreaterThan(0);
      expect(samples.filter((some) => some.length === 0 || !some.every(Number.isFinite))).toEqual([]);
    }
  });

  test('writes a page with rows and notes for each, and the version of Node', async () => {
    const page = await readFile(join(into, 'docs/performance.md'), 'utf8');
    expect(page.match(/^\| \*\*\d+\./gm)).toHaveLength(12);
    expect(page.match(/^\*\*\d+\.\*\*/gm)).toHaveLength(12);
    expect(page).toMatch(new RegExp(`Node\\s+${process.versions.node}`));
  });
});

test('pnpm bench rejects an unknown measurement and names the known ones', async () => {
  const { exitCode, stderr } = await runBench('0');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('There is no measurement 0. There are: 1 or presigning, 2 or read-units');
});

test('docs/performance.md is what bench/results.json gives, and fits on three screens', async () => {
  const results = await readJson(join(root, 'bench/results.json'));
  const page = await readFile(join(root, 'docs/performance.md'), 'utf8');
  expect(page).toBe(await describeAll(results));
  expect(page.split('\n').length).toBeLessThan(150);
});
