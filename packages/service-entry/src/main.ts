// Entry point: reads the arguments, then starts the service or runs the command that they name.
import { parseArgs } from 'node:util';
import { parseAge, reportOrphans } from '@jobs-api/adapters-aws';
import { version } from '@jobs-api/http-express';
import { check } from './check.ts';

const USAGE = `Usage: node server.mjs [--check | --orphans [--older-than 24h] [--delete] | --version | --help]
  Without an option, starts the service, which reads its configuration from environment variables.
  --check       verifies everything that the service needs; exits with 1 if something is wrong
  --orphans     prints the files and records that belong to no job, one JSON object per line
                --older-than  skips jobs with anything newer; default: 24h
                --delete      deletes them
  --version     prints the version
  --help        prints this text
`;

const readArguments = (args: string[]) => {
  const flag = { type: 'boolean' } as const;
  const commandOptions = { check: flag, orphans: flag, version: flag, help: flag };
  const orphanOptions = { 'older-than': { type: 'string' }, delete: flag } as const;
  try {
    const { values } = parseArgs({ args, options: { ...commandOptions, ...orphanOptions } });
    const { 'older-than': olderThan = '24h', delete: isDelete = false, ...commands } = values;
    if (Object.keys(commands).length > 1)
      throw new Error('--check, --orphans, --version and --help cannot be combined.');
    if (!commands.orphans && Object.keys(values).length > Object.keys(commands).length)
      throw new Error('--older-than and --delete belong to --orphans.');
    parseAge(olderThan);
    return { ...commands, orphanArguments: { olderThan, isDelete } };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    return process.exit(1);
  }
};

// A reader such as `head` may close the pipe early. The exit code is that of the whole command all the same.
const ignoreClosedPipe = () =>
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

const options = readArguments(process.argv.slice(2));
if (options.help) process.stdout.write(USAGE);
else if (options.version) process.stdout.write(`${version}\n`);
else if (options.check) process.exitCode = (await check(process.env, ignoreClosedPipe())) ? 0 : 1;
else if (options.orphans)
  process.exitCode = (await reportOrphans(process.env, options.orphanArguments, ignoreClosedPipe(), process.stderr))
    ? 0
    : 1;
else await import('./server.ts');
