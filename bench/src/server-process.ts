import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROBE = new URL('probe.js', import.meta.url).href;

interface Usage {
  /** User and system time of all its threads since it began. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export interface ServerProcess {
  readonly origin: string;
  readonly usage: () => Promise<Usage>;
  readonly stop: () => Promise<void>;
}

export type Env = Readonly<Record<string, string>>;

/** What any Node process here is given: as in production, and without the SDK's advice about old Node versions. */
const commonEnv = {
  PATH: process.env.PATH,
  NODE_ENV: 'production',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

/** Starts a bundled server on a free port of 127.0.0.1. What it logs goes nowhere, but it has to write it. */
export const startServer = async (file: string, env: Env): Promise<ServerProcess> => {
  const child = fork(file, {
    execArgv: ['--import', PROBE],
    env: { ...commonEnv, HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { next, stop } = conversation(child, file);
  const { port } = (await next()) as { port: number };
  return {
    origin: `http://127.0.0.1:${port}`,
    usage: () => {
      child.send('usage');
      return next() as Promise<Usage>;
    },
    stop,
  };
};

export interface Helper<Message> {
  /** The first thing that it said. */
  readonly message: Message;
  /** Resolves with its answer. */
  readonly ask: (question: object) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

/** Starts a file of this folder, and resolves once it has said something. */
export const startHelper = async <Message>(
  name: string,
  args: readonly string[],
  env: Env,
): Promise<Helper<Message>> => {
  const child = fork(fileURLToPath(new URL(name, import.meta.url)), args, {
    env: { ...commonEnv, ...env },
    // Those of this process, which say how to run TypeScript, are for nobody else.
    ...(name.endsWith('.js') && { execArgv: [] }),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { next, stop } = conversation(child, name);
  return {
    message: (await next()) as Message,
    ask: (question) => {
      child.send(question);
      return next();
    },
    stop,
  };
};

/** One message after the other, and an error where the process ends instead. */
const conversation = (child: ChildProcess, name: string) => {
  const exited = once(child, 'exit');
  const ended = exited.then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`)));
  ended.catch(() => undefined);
  return {
    next: async (): Promise<unknown> => ((await Promise.race([once(child, 'message'), ended])) as unknown[])[0],
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
