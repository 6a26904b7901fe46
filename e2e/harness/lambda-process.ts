import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inheritedEnv } from './service-process.ts';

const HOST = fileURLToPath(new URL('lambda-host.js', import.meta.url));

export interface LambdaProcess {
  /** Rejects with the message of what the handler failed with. */
  readonly invoke: (event: unknown, options?: { readonly remainingMs?: number }) => Promise<unknown>;
  /** What the process has written to stdout so far. */
  readonly output: () => string;
  readonly close: () => Promise<void>;
}

type Message = { readonly ready: true } | { readonly id: number; readonly answer?: unknown; readonly failure?: string };

/** Loads a bundled handler into a process of its own. */
export const startLambda = async (file: string, env: Readonly<Record<string, string>>): Promise<LambdaProcess> => {
  const child = fork(HOST, [file], { env: { ...inheritedEnv, ...env }, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));

  const pending = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  const exited = once(child, 'exit');
  const ready = new Promise<void>((resolve, reject) => {
    void exited.then(([code]) => reject(new Error(`the handler could not be loaded: exit code ${code}`)));
    child.on('message', (message: Message) => {
      if ('ready' in message) {
        resolve();
        return;
      }
      const waiting = pending.get(message.id);
      pending.delete(message.id);
      if (message.failure === undefined) waiting?.resolve(message.answer);
      else waiting?.reject(new Error(message.failure));
    });
  });
  await ready;

  let id = 0;
  return {
    invoke: (event, { remainingMs = 30_000 } = {}) =>
      new Promise((resolve, reject) => {
        pending.set(++id, { resolve, reject });
        child.send({ id, event, remainingMs });
      }),
    output: () => output,
    close: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
