import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { INHERITED_ENV } from '@jobs-api/local/start-process';

/** The program, as `tsc -b` builds it. */
const CLI = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

export type CliEnv = Readonly<Record<string, string>>;

export interface CliResult {
  /** `null` if a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const startCli = (args: readonly string[], env: CliEnv): ChildProcessWithoutNullStreams =>
  spawn(process.execPath, [CLI, ...args], { env: { ...INHERITED_ENV, ...env } });

/** Reads all that a program writes until it ends. */
export const resultOf = async (child: ChildProcessWithoutNullStreams): Promise<CliResult> => {
  const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode: end[0] as number | null, stdout, stderr };
};

/** Runs the program to its end, without a terminal. */
export const runCli = (args: readonly string[], env: CliEnv, input = ''): Promise<CliResult> => {
  const child = startCli(args, env);
  child.stdin.end(input);
  return resultOf(child);
};

/** Runs a command line of the shell, in which `$CLI` is the program. */
export const runShell = (command: string, env: CliEnv): Promise<CliResult> => {
  const variables = { ...INHERITED_ENV, ...env, CLI: `${process.execPath} ${CLI}` };
  const child = spawn('bash', ['--norc', '-c', command], { env: variables });
  child.stdin.end();
  return resultOf(child);
};

/** Starts the program on a terminal of its own; what it writes to stdout and stderr arrives as one. */
export const startOnTerminal = (args: readonly string[], env: CliEnv): ChildProcessWithoutNullStreams =>
  spawn('script', ['--quiet', '--return', '--command', [process.execPath, CLI, ...args].join(' '), '/dev/null'], {
    env: { ...INHERITED_ENV, TERM: 'xterm', ...env },
  });
