import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Express } from 'express';
import { createApp, type AppOptions } from '../app.ts';
import type { HttpConfig } from '../config.ts';
import { InFlight } from '../request/in-flight.ts';
import { flushSpans } from '../middleware/tracing.ts';
import { docsRoutes } from '../routes/docs/routes.ts';
import { createHttpServer, type MalformedRequest } from './http-server.ts';
import { createLogger } from '../logging/logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';

/** Delay of log lines in a long-running service. */
export const LOG_DELAY_MS = 5;

export interface ServiceOptions extends Pick<AppOptions, 'jobs' | 'authenticator' | 'logger' | 'readinessChecks'> {
  readonly config: HttpConfig;
  /** Default: metrics of the service only, if `config` has a metrics port. */
  readonly metrics?: Metrics | undefined;
}

export interface RunningService {
  readonly app: Express;
  readonly server: Server;
  readonly port: number;
}

/**
 * Starts the Jobs API as the service of this process, around any adapters. At SIGTERM or SIGINT it serves all open requests,
 * then ends the process. The exit code is 0, or 1 if the grace time was too short or a second signal came.
 *
 * @throws if it cannot listen
 */
export const startService = async ({
  jobs,
  authenticator,
  config,
  logger = createLogger({ level: config.logLevel, delayMs: LOG_DELAY_MS }),
  readinessChecks = {},
  metrics = metricsFor(config),
}: ServiceOptions): Promise<RunningService> => {
  process.on('uncaughtException', (error) => {
    logger.fatal({ error }, 'stopped by an unexpected error');
    process.exit(1);
  });

  const shutdown = new AbortController();
  const observer = metrics?.requestObserver;
  const inFlight = new InFlight({ max: config.maxInFlight, observer });
  const app = createApp({
    jobs,
    authenticator,
    logger,
    readinessChecks,
    shutdown: shutdown.signal,
    requestTimeoutSeconds: () => config.requestTimeoutSeconds,
    inFlight,
    corsOrigins: config.corsOrigins,
    requestObserver: observer,
    docs: config.docs ? docsRoutes() : undefined,
  });
  const onMalformed = ({ requestId, method = '', status, reason }: MalformedRequest) => {
    logger.info({ request_id: requestId, method, route: null, status, reason }, 'request');
    observer?.onMalformed({ method, status });
  };
  const { server, announceClose, close } = createHttpServer(app, {
    keepAliveSeconds: config.keepAliveSeconds,
    onMalformed,
    idle: () => inFlight.idle(),
  });

  const stop = async (signal: NodeJS.Signals) => {
    if (shutdown.signal.aborted) process.exit(1);
    logger.info({ signal }, 'stopping');
    shutdown.abort();
    announceClose();
    await sleep(config.drainSeconds * 1000);
    const completed = await close(config.shutdownGraceSeconds);
    await setImmediate(); // requests whose work has just ended are logged in this turn of the event loop
    await flushSpans().catch((error: unknown) => logger.warn({ error }, 'spans were not sent'));
    logger.info({ completed }, 'stopped');
    process.exit(completed ? 0 : 1);
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));

  const metricsPort = await metrics?.listen();
  server.listen(config.port, config.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  logger.info({ host: config.host, port, metrics_port: metricsPort }, 'listening');

  for (const [name, check] of Object.entries(readinessChecks))
    check({}).catch((error: unknown) => logger.warn({ failing: name, error }, 'not ready'));
  return { app, server, port };
};

const metricsFor = ({ metricsPort, host }: HttpConfig): Metrics | undefined =>
  metricsPort === undefined ? undefined : createMetrics({ port: metricsPort, host });
