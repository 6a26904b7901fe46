// What is started: reads the arguments, then either serves, or does what they say and ends.
import { parseArgs } from 'node:util';
import { version } from '@jobs-api/http-express';
import { check } from './check.ts';

const USAGE = `Usage: node server.mjs [--check | --version | --help]
  without an argument, serves; the environment says how
  --check    says whether what the service needs is right, and exits with 0, or with 1 where something is not
  --version  says which version this is
  --help     says this
`;

const readArguments = (args: string[]) => {
  const flag = { type: 'boolean' } as const;
  try {
    const { values } = parseArgs({ args, options: { check: flag, version: flag, help: flag } });
    if (Object.keys(values).length > 1) throw new Error('Only one of --check, --version and --help can be asked for.');
    return values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    return process.exit(1);
  }
};

const asked = readArguments(process.argv.slice(2));
if (asked.help) process.stdout.write(USAGE);
else if (asked.version) process.stdout.write(`${version}\n`);
else if (asked.check) process.exitCode = (await check(process.env, process.stdout)) ? 0 : 1;
else await import('./server.ts');
