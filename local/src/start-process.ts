import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type Readable } from 'node:stream';

export interface ProcessOptions {
  /** Variables of the process, besides {@link INHERITED_ENV}. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Opens a channel for messages. */
  readonly ipc?: boolean;
}

export interface NodeProcess {
  readonly child: ChildProcess;
  /** Lines that it has written to stdout so far. */
  readonly output: readonly string[];
  /** Lines that it has written to stderr so far. */
  readonly errors: readonly string[];
  /** Resolves with the exit code when the process has ended and its output is read, or with `null` if a signal ended it. */
  readonly exitCode: Promise<number | null>;
  /** Returns what `find` returns for the first line of stdout for which that is defined. Rejects if the process ends before. */
  readonly untilLine: <Result>(find: (line: string) => Result | undefined) => Promise<Result>;
  /** Kills the process and waits for its end. */
  readonly stop: () => Promise<void>;
}

/** Variables of this process that any Node process needs. Everything else is passed explicitly. */
export const INHERITED_ENV = { PATH: process.env.PATH, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

/** Starts Node with the given arguments and collects what it writes. */
export const startProcess = (
  args: readonly string[],
  { env = {}, cwd, ipc = false }: ProcessOptions = {},
): NodeProcess => {
  const child = spawn(process.execPath, args, {
    env: { ...INHERITED_ENV, ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    ...(cwd !== undefined && { cwd }),
  });
  const exitCode = once(child, 'close').then(([code]: (number | null)[]) => code ?? null);
  const [stdout, stderr] = [child.stdout as Readable, child.stderr as Readable];
  const output: string[] = [];
  const errors: string[] = [];
  const lines = createInterface(stdout).on('line', (line) => output.push(line));
  createInterface(stderr).on('line', (line) => errors.push(line));

  const untilLine = <Result>(find: (line: string) => Result | undefined): Promise<Result> =>
    new Promise((resolve, reject) => {
      const look = (line: string) => {
        const found = find(line);
        if (found === undefined) return;
        lines.off('line', look);
        resolve(found);
      };
      output.forEach(look);
      lines.on('line', look);
      void exitCode.then((code) => {
        const written = [...output, ...errors].join('\n');
        reject(new Error(`${args.join(' ')} ended with ${code}: ${written}`));
      });
    });

  const stop = async () => {
    child.kill('SIGKILL');
    await exitCode;
  };
  return { child, output, errors, exitCode, untilLine, stop };
};
