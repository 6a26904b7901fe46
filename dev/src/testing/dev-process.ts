import { spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface DevProcess {
  readonly child: ChildProcess;
  /** What it says at the start. */
  readonly printed: string;
  readonly origin: string;
  /** The sample user's token. */
  readonly token: string;
}

/** Runs `pnpm dev` on a free port, as if it had been called in `folder`. */
export const spawnDev = (folder: string, ...parameters: string[]): ChildProcessByStdio<null, Readable, Readable> => {
  const env = { ...process.env, PORT: '0', INIT_CWD: folder };
  const command = ['--import', 'tsx', '--conditions=source', 'dev/src/dev.ts', ...parameters];
  return spawn(process.execPath, command, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
};

/** Resolves when `dev` has said what it has to say. */
export const untilStarted = async (child: ReturnType<typeof spawnDev>): Promise<DevProcess> => {
  const errors = text(child.stderr);
  let printed = '';
  while (!printed.includes('Ctrl-C')) {
    const chunk = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (child.exitCode !== null) throw new Error(`${printed}\n${await errors}`);
    printed += String(chunk[0]);
  }
  // Whatever follows is the log: unread, it would fill the pipe and hold `dev` up.
  child.stdout.resume();
  const origin = /The Jobs API is at (http:\S+),/.exec(printed)?.[1] ?? '';
  const token = /^TOKEN=(ey\S+)$/m.exec(printed)?.[1] ?? '';
  return { child, printed, origin, token };
};

export const killDev = async (child: ChildProcess): Promise<void> => {
  const ended = child.exitCode ?? child.signalCode ?? once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
};
