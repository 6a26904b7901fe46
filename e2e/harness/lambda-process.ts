import { fileURLToPath } from 'node:url';
import { startProcess } from '@jobs-api/local/start-process';

const HOST = fileURLToPath(new URL('lambda-host.js', import.meta.url));

export interface LambdaProcess {
  /** Rejects with the message of the error that the handler throws. */
  readonly invoke: (event: unknown, options?: { readonly remainingMs?: number }) => Promise<unknown>;
  /** Output of the process on stdout so far. */
  readonly output: () => string;
  readonly close: () => Promise<void>;
}

type Message =
  { readonly ready: true } | { readonly id: number; readonly response?: unknown; readonly failure?: string };

/** Loads a bundled handler into its own process. */
export const startLambda = async (file: string, env: Readonly<Record<string, string>>): Promise<LambdaProcess> => {
  const { child, output, exitCode, stop } = startProcess([HOST, file], { env, ipc: true });
  child.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk));

  const pending = new Map<number, { resolve: (response: unknown) => void; reject: (error: Error) => void }>();
  const ready = new Promise<void>((resolve, reject) => {
    void exitCode.then((code) => reject(new Error(`the handler could not be loaded: exit code ${code}`)));
    child.on('message', (message: Message) => {
      if ('ready' in message) {
        resolve();
        return;
      }
      const waiting = pending.get(message.id);
      pending.delete(message.id);
      if (message.failure === undefined) waiting?.resolve(message.response);
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
    output: () => output.map((line) => `${line}\n`).join(''),
    close: stop,
  };
};
