import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

export interface ServiceProcess {
  readonly origin: string;
  readonly pid: number;
  /** Every line that it has written to stdout so far. */
  readonly log: readonly string[];
  /** Every line that it has written to stderr so far; they are written to ours as well. */
  readonly errors: readonly string[];
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code once the process has ended, `null` where a signal ended it. */
  readonly exitCode: Promise<number | null>;
}

export interface ProcessResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** For NODE_OPTIONS=--import: makes a service tell, at SIGUSR2, what it holds on to. */
export const HEAP_PROBE = new URL('heap-probe.js', import.meta.url).href;

/** The variables of this process that any Node process needs; everything else a service is told explicitly. */
export const inheritedEnv = { PATH: process.env.PATH, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

/** Starts a built service on a free port of 127.0.0.1, and resolves once it listens. */
export const startService = async (file: string, env: Readonly<Record<string, string>>): Promise<ServiceProcess> => {
  const child = spawn(process.execPath, [file], {
    env: { ...inheritedEnv, HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exitCode = once(child, 'exit').then(([code]: (number | null)[]) => code ?? null);
  const log: string[] = [];
  const errors: string[] = [];
  createInterface(child.stderr).on('line', (line) => {
    errors.push(line);
    process.stderr.write(`${line}\n`);
  });
  const port = await new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      log.push(line);
      const entry = JSON.parse(line) as { msg: string; port: number };
      if (entry.msg === 'listening') resolve(entry.port);
    });
    void exitCode.then((code) => reject(new Error(`the service ended with ${code}: ${log.join('\n')}`)));
  });
  const { pid = 0 } = child;
  return { origin: `http://127.0.0.1:${port}`, pid, log, errors, kill: (signal) => void child.kill(signal), exitCode };
};

/** Runs a program to its end. */
export const runToEnd = async (
  file: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<ProcessResult> => {
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...inheritedEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, exit] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { exitCode: exit[0] as number | null, stdout, stderr };
};
