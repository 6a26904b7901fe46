import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { startProcess } from '@jobs-api/local/start-process';

test('`pnpm start` uploads the samples, processes them and lists the files of the job', async () => {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { output, errors, exitCode } = startProcess(['--import', 'tsx', '--conditions=source', 'src/start.ts'], {
    cwd,
  });
  expect({ exitCode: await exitCode, errors }).toEqual({ exitCode: 0, errors: [] });
  expect(output[0]).toMatch(/^job [0-9]+ of alice: success$/);
  expect(output.filter((line) => /^ {2}version alice\/[0-9]+\/[0-9a-f-]{36}\.\w+$/.test(line))).toHaveLength(4);
  expect(output.filter((line) => line.endsWith('.min.json'))).toHaveLength(4);
  expect(output.filter((line) => line.endsWith('/DONE'))).toHaveLength(1);
});
