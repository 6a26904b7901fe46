import { fileURLToPath } from 'node:url';
import { startProcess, type NodeProcess } from '@jobs-api/local/start-process';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface DevProcess {
  readonly process: NodeProcess;
  /** Text that it prints at the start. */
  readonly printed: string;
  readonly origin: string;
  /** Token of the sample user. */
  readonly token: string;
}

/** Runs `pnpm dev` on a free port, as if it was called in `folder`. */
export const spawnDev = (folder: string, ...parameters: string[]): NodeProcess => {
  const env = { ...process.env, PORT: '0', INIT_CWD: folder };
  return startProcess(['--import', 'tsx', '--conditions=source', 'dev/src/dev.ts', ...parameters], { cwd: ROOT, env });
};

/** Resolves when `dev` has printed everything that it prints at the start. */
export const untilStarted = async (started: NodeProcess): Promise<DevProcess> => {
  await started.untilLine((line) => line.includes('Ctrl-C') || undefined);
  const printed = started.output.join('\n');
  const origin = /The Jobs API is at (http:\S+),/.exec(printed)?.[1] ?? '';
  const token = /^TOKEN=(ey\S+)$/m.exec(printed)?.[1] ?? '';
  return { process: started, printed, origin, token };
};
