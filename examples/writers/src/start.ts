// `pnpm start [FOLDER]`: both programs on a local stack, so that they run without AWS.
import { fileURLToPath } from 'node:url';
import { jobsTable } from '@jobs-api/adapters-aws';
import { startLocalStack } from '@jobs-api/local';
import { startProcess } from '@jobs-api/local/start-process';

const USER_ID = 'alice';
const SAMPLES = fileURLToPath(new URL('../../../dev/samples', import.meta.url));
const folder = process.argv[2] ?? SAMPLES;

const stack = await startLocalStack({ table: jobsTable('jobs') });
const run = async (program: string, ...args: string[]): Promise<string> => {
  const script = fileURLToPath(new URL(program, import.meta.url));
  const { output, errors, exitCode } = startProcess(['--import', 'tsx', script, ...args], { env: stack.env });
  if ((await exitCode) !== 0) throw new Error(errors.join('\n'));
  return output.join('\n');
};
try {
  const jobId = await run('upload.ts', folder, USER_ID);
  const status = await run('process.ts', USER_ID, jobId);
  process.stdout.write(`job ${jobId} of ${USER_ID}: ${status}\n`);
  for (const line of await stack.bucket.contents(`${USER_ID}/${jobId}/`)) process.stdout.write(`  ${line}\n`);
} finally {
  await stack.close();
}
