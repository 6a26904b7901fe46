import { expect, test } from '@jest/globals';
import { BatchedOutput } from './batched-output.ts';

const start = (delayMs: number) => {
  const written: string[] = [];
  return { written, output: new BatchedOutput(delayMs, (lines) => written.push(lines)) };
};

test('BatchedOutput writes the lines of its delay together', async () => {
  const { written, output } = start(1);
  for (const line of ['1\n', '2\n', '3\n']) output.write(line);
  expect(written).toEqual([]);
  while (written.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  output.write('4\n');
  output.flushSync();
  output.flushSync();
  expect(written).toEqual(['1\n2\n3\n', '4\n']);
});

test('BatchedOutput writes at once when there is a lot', () => {
  const { written, output } = start(1_000_000);
  const line = 'x'.repeat(40_000);
  output.write(line);
  output.write(line);
  expect(written).toEqual([line + line]);
});
