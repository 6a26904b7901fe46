import { startProcess, type NodeProcess } from '@jobs-api/local/start-process';

export interface ServiceProcess {
  readonly origin: string;
  readonly pid: number;
  /** Lines that it has written to stdout so far. */
  readonly log: readonly string[];
  /** Lines that it has written to stderr so far. They are written to our stderr too. */
  readonly errors: readonly string[];
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code when the process has ended, or with `null` if a signal ended it. */
  readonly exitCode: Promise<number | null>;
}

export interface ProcessResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Env = Readonly<Record<string, string>>;

/** Value for NODE_OPTIONS. At SIGUSR2 the service then logs its memory and the number of its handles. */
export const HEAP_PROBE = new URL('heap-probe.js', import.meta.url).href;

/** Starts a built service on a free port of 127.0.0.1, and resolves when it listens. */
export const startService = async (file: string, env: Env): Promise<ServiceProcess> => {
  const started = startProcess([file], { env: { HOST: '127.0.0.1', PORT: '0', ...env } });
  const { child, output: log, errors, exitCode } = started;
  child.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk));
  const port = await started.untilLine((line) => {
    const entry = JSON.parse(line) as { msg: string; port: number };
    return entry.msg === 'listening' ? entry.port : undefined;
  });
  const { pid = 0 } = child;
  return { origin: `http://127.0.0.1:${port}`, pid, log, errors, kill: (signal) => void child.kill(signal), exitCode };
};

/** Runs a program to its end. */
export const runToEnd = async (file: string, env: Env = {}, args: readonly string[] = []): Promise<ProcessResult> => {
  const { output, errors, exitCode } = startProcess([file, ...args], { env });
  return { exitCode: await exitCode, stdout: textOf(output), stderr: textOf(errors) };
};

const textOf = (lines: NodeProcess['output']) => lines.map((line) => `${line}\n`).join('');
