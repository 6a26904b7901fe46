#!/usr/bin/env node
import { run } from './run.ts';

// `jobs-api list | head` closes the pipe. That is not an error, and nothing can be written any more.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
process.stderr.on('error', () => undefined);

const { exitCode, isInterrupted } = await run(process.argv.slice(2), process.env);
process.exitCode = exitCode;
// Something may still be running, such as a read from standard input.
if (isInterrupted) process.exit();
