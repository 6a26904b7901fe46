import { overSocket, type HttpResponse, type HttpRequest } from '@jobs-api/http-express/testing/contracts';
import { HANDLER, SERVICE } from './built.ts';
import { startClock } from './clock.ts';
import { loadBalancerEvent, version1Event, version2Event, type ToEvent } from './gateway-events.ts';
import { responseOf } from './gateway-response.ts';
import { startLambda, type LambdaProcess } from './lambda-process.ts';
import { startService } from './service-process.ts';

export type Send = (request: HttpRequest) => Promise<HttpResponse>;

/** Returns a function that sends a request to the handler through one kind of gateway. */
export const sendThrough =
  (lambda: LambdaProcess, toEvent: ToEvent): Send =>
  async (request) =>
    responseOf(await lambda.invoke(toEvent(request)));

/** The built service and the bundled handler, with a clock that the test moves. */
export interface EntryPoints {
  /** Sends a request to the service, over a socket. */
  readonly service: Send;
  /** Sends a request to the handler, through each kind of gateway. */
  readonly gateways: readonly [httpApi: Send, restApi: Send, loadBalancer: Send];
  /** Moves `Date.now` of both processes forward. No other clock changes. */
  readonly passTime: (seconds: number) => void;
  /** Returns everything that both have written to standard output so far. */
  readonly output: () => string;
  readonly close: () => Promise<void>;
}

/**
 * Starts both entry points in the same environment.
 *
 * @param preload source of a module that each process runs first
 */
export const startEntryPoints = async (env: Readonly<Record<string, string>>, preload = ''): Promise<EntryPoints> => {
  const clock = await startClock();
  const NODE_OPTIONS = clock.nodeOptions(preload);
  const [service, lambda] = await Promise.all([
    startService(SERVICE, { ...env, NODE_OPTIONS }),
    startLambda(HANDLER, { ...env, NODE_OPTIONS }),
  ]);
  return {
    service: overSocket(service.origin),
    gateways: [
      sendThrough(lambda, version2Event),
      sendThrough(lambda, version1Event),
      sendThrough(lambda, loadBalancerEvent),
    ],
    passTime: clock.passTime,
    output: () => [...service.log, lambda.output()].join('\n'),
    close: async () => {
      service.kill('SIGKILL');
      await Promise.all([service.exitCode, lambda.close()]);
      await clock.close();
    },
  };
};
