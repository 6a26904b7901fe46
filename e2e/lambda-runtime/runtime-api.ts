import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { json } from 'node:stream/consumers';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { startProcess } from '@jobs-api/local/start-process';

export interface LambdaRuntime {
  /** Rejects with the error that the function reports. */
  readonly invoke: (event: unknown, options?: InvokeOptions) => Promise<unknown>;
  /** Resolves with the error if the function cannot be initialised. */
  readonly initError: Promise<unknown>;
  readonly output: () => string;
  /** Stops the process, as Lambda does between invocations. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  readonly close: () => Promise<void>;
}

interface InvokeOptions {
  readonly timeoutMs?: number;
  /** The time by the clock of the function. Default: ours. */
  readonly now?: number;
}

interface Invocation {
  readonly id: string;
  readonly event: unknown;
  readonly deadline: number;
  readonly resolve: (response: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const BASE = '/2018-06-01/runtime';

/**
 * Starts a function's environment as Lambda does: a process with AWS's runtime client, which fetches one invocation after
 * the other from a Runtime API on loopback (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
 */
export const startLambdaRuntime = async (
  client: string,
  handlerFile: string,
  env: Readonly<Record<string, string>>,
): Promise<LambdaRuntime> => {
  const queue: Invocation[] = [];
  const running = new Map<string, Invocation>();
  let idle: ServerResponse | undefined;
  let failInit: (error: unknown) => void = () => undefined;
  const initError = new Promise<unknown>((resolve) => (failInit = resolve));

  const dispatch = () => {
    const next = idle && queue.shift();
    if (!idle || !next) return;
    running.set(next.id, next);
    idle.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': next.id,
      'Lambda-Runtime-Deadline-Ms': next.deadline,
      'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:123456789012:function:jobs-api',
    });
    idle.end(JSON.stringify(next.event));
    idle = undefined;
  };

  const server = createServer((request, response) => {
    const [kind, id = '', outcome] = (request.url ?? '').slice(BASE.length + 1).split('/');
    if (kind === 'invocation' && id === 'next') {
      idle = response;
      dispatch();
      return;
    }
    void json(request).then((body) => {
      response.writeHead(202).end();
      if (kind === 'init') failInit(body);
      else if (outcome === 'response') running.get(id)?.resolve(body);
      else running.get(id)?.reject(body);
      running.delete(id);
    });
  });
  const { host } = new URL(await listen(server));

  const { child, output, errors, exitCode, stop } = startProcess([client], {
    cwd: dirname(handlerFile),
    env: {
      ...env,
      _HANDLER: 'handler.handler',
      AWS_LAMBDA_RUNTIME_API: host,
      AWS_LAMBDA_FUNCTION_NAME: 'jobs-api',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/jobs-api',
      AWS_LAMBDA_LOG_STREAM_NAME: 'local',
      LAMBDA_TASK_ROOT: dirname(handlerFile),
    },
  });
  const written = () => [...output, ...errors].join('\n');
  void exitCode.then(() => {
    for (const { reject } of [...running.values(), ...queue]) reject(new Error(`the function ended: ${written()}`));
  });

  return {
    invoke: (event, { timeoutMs = 30_000, now = Date.now() } = {}) =>
      new Promise((resolve, reject) => {
        queue.push({ id: randomUUID(), event, deadline: now + timeoutMs, resolve, reject });
        dispatch();
      }),
    initError,
    output: written,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    close: async () => {
      await stop();
      await closeServer(server);
    },
  };
};
