import { expect, test } from '@jest/globals';
import { createLogger, type LoggerOptions } from './logger.ts';

const logTo = (options: LoggerOptions = {}) => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'trace', ...options, destination: { write: (line) => void lines.push(line) } });
  return { logger, lines };
};

test('the logger writes no secret, at any level and in any field', () => {
  let secrets: readonly string[] = ['old secret/+='];
  const { logger, lines } = logTo({ secrets: () => secrets });
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)
    logger[level]({ field: 'old secret/+=', error: new Error('old%20secret%2F%2B%3D') }, 'old secret/+=');
  secrets = ['new secret'];
  logger.info({ nested: { field: ['new secret'] } }, 'x');
  expect(lines).toHaveLength(7);
  expect(lines.join('')).not.toMatch(/(old|new).{1,3}secret/);
});

test('the logger cuts a line that is longer than 16 KB and keeps its fields', () => {
  const { logger, lines } = logTo();
  const long = '\u0001'.repeat(50_000);
  const jobs = Array.from({ length: 20 }, (_, index) => ({ job_id: String(index), reason: long }));
  logger.warn({ request_id: 'r1', error: new Error(long, { cause: new Error(long) }), jobs, long }, 'request');
  const [line = ''] = lines;
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(16_384);
  expect(line.endsWith('\n')).toBe(true);
  expect(JSON.parse(line)).toMatchObject({ level: 'warn', msg: 'request', request_id: 'r1', truncated: true });
});
