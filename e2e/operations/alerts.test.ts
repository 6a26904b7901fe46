import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const INFRA = fileURLToPath(new URL('../../infra', import.meta.url));

const promtool = async (...args: string[]) => {
  const { stdout, stderr } = await promisify(execFile)(process.env.PROMTOOL ?? 'promtool', args, { cwd: INFRA });
  return stdout + stderr;
};

test('promtool accepts the alert rules', async () => {
  expect(await promtool('check', 'rules', 'alerts.yaml')).toMatch(/SUCCESS: 11 rules found/);
});

test('each alert fires for the series that are made for it, and not before', async () => {
  expect(await promtool('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS');
});
