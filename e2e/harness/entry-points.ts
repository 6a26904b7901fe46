import { truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, overSocket, type HttpResponse, type HttpRequest } from '@jobs-api/http-express/testing/contracts';
import { HANDLER, SERVICE } from './built.ts';
import { loadBalancerEvent, toClient, version1Event, version2Event, type ToEvent } from './gateway-events.ts';
import { startLambda, type LambdaProcess } from './lambda-process.ts';
import { startService } from './service-process.ts';

export type Ask = (question: HttpRequest) => Promise<HttpResponse>;

export const askThrough =
  (lambda: LambdaProcess, toEvent: ToEvent): Ask =>
  async (question) => {
    const { status, headers, body } = toClient(await lambda.invoke(toEvent(question)));
    return { status, headers, body: decode(body, headers['content-encoding']) };
  };

/** The built service and the bundled handler, with a clock that the test sets. */
export interface EntryPoints {
  /** The service, on a socket. */
  readonly service: Ask;
  /** The handler, behind each kind of gateway. */
  readonly gateways: readonly [httpApi: Ask, restApi: Ask, loadBalancer: Ask];
  /** Sets the clock of both forward: what `Date.now` says, and nothing else. */
  readonly passTime: (seconds: number) => void;
  /** What both have written to standard output so far. */
  readonly output: () => string;
  readonly close: () => Promise<void>;
}

/**
 * Starts both doors in the same environment.
 *
 * @param preload the source of a module that each process runs first
 */
export const startEntryPoints = async (env: Readonly<Record<string, string>>, preload = ''): Promise<EntryPoints> => {
  const folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
  // Its size is by how many milliseconds the clock is ahead, because a size is set and read in one step.
  const ahead = join(folder, 'ahead');
  writeFileSync(ahead, '');
  let milliseconds = 0;
  const clock = `import { statSync } from 'node:fs';
    const { now } = Date;
    Date.now = () => now() + statSync(${JSON.stringify(ahead)}).size;`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(`${clock}\n${preload}`)}`;
  const [service, lambda] = await Promise.all([
    startService(SERVICE, { ...env, NODE_OPTIONS }),
    startLambda(HANDLER, { ...env, NODE_OPTIONS }),
  ]);
  return {
    service: overSocket(service.origin),
    gateways: [
      askThrough(lambda, version2Event),
      askThrough(lambda, version1Event),
      askThrough(lambda, loadBalancerEvent),
    ],
    passTime: (seconds) => truncateSync(ahead, (milliseconds += seconds * 1000)),
    output: () => [...service.log, lambda.output()].join('\n'),
    close: async () => {
      service.kill('SIGKILL');
      await Promise.all([service.exitCode, lambda.close()]);
      await rm(folder, { recursive: true });
    },
  };
};
