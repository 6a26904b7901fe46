import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROBE = new URL('probe.js', import.meta.url).href;

interface Usage {
  /** User and system time of all threads since the start. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

/** A bundled server in a process of its own. */
export interface ServerProcess {
  readonly origin: string;
  readonly usage: () => Promise<Usage>;
  readonly stop: () => Promise<void>;
}

export type Env = Readonly<Record<string, string>>;

/** Environment of every process: that of production, without the SDK's warning about old versions of Node. */
const commonEnv = {
  PATH: process.env.PATH,
  NODE_ENV: 'production',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

/** Starts a bundled server on a free port of 127.0.0.1. Its log is written to /dev/null. */
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

/** A process that does a part of a measurement, so that its CPU time is measured separately. */
export interface Helper<Message> {
  /** First message of the process. */
  readonly message: Message;
  /** Sends a message, and resolves with the next one that is received. */
  readonly ask: (request: object | number) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

/** Starts a file of this folder or with an absolute path, and resolves with its first message. */
export const startHelper = async <Message>(
  name: string,
  args: readonly string[],
  env: Env,
): Promise<Helper<Message>> => {
  const child = fork(isAbsolute(name) ? name : fileURLToPath(new URL(name, import.meta.url)), args, {
    env: { ...commonEnv, ...env },
    // The options of this process, which load TypeScript, are not passed on.
    ...(!name.endsWith('.ts') && { execArgv: [] }),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { next, stop } = conversation(child, name);
  return {
    message: (await next()) as Message,
    ask: (request) => {
      child.send(request);
      return next();
    },
    stop,
  };
};

/** Returns a function that receives the next message. It rejects if the process ends instead. */
const conversation = (child: ChildProcess, name: string) => {
  const exited = once(child, 'exit');
  const ended = exited.then(([code]) => Promise.reject(new Error(`${name} ended with exit code ${code}`)));
  ended.catch(() => undefined);
  return {
    next: async (): Promise<unknown> => ((await Promise.race([once(child, 'message'), ended])) as unknown[])[0],
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
