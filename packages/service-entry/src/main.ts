// Entry point: reads the arguments, then starts the service or runs the command that they name.
import { parseArgs } from 'node:util';
import { version } from '@jobs-api/http-express';
import { check } from './check.ts';

const USAGE = `Usage: node server.mjs [--check | --version | --help]
  Without an option: starts the service. It is configured by environment variables.
  --check    verifies everything that the service needs; exits with 1 if something is wrong
  --version  prints the version
  --help     prints this text
`;

const readArguments = (args: string[]) => {
  const flag = { type: 'boolean' } as const;
  try {
    const { values } = parseArgs({ args, options: { check: flag, version: flag, help: flag } });
    if (Object.keys(values).length > 1) throw new Error('Only one of --check, --version and --help is allowed.');
    return values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    return process.exit(1);
  }
};

const options = readArguments(process.argv.slice(2));
if (options.help) process.stdout.write(USAGE);
else if (options.version) process.stdout.write(`${version}\n`);
else if (options.check) process.exitCode = (await check(process.env, process.stdout)) ? 0 : 1;
else await import('./server.ts');
