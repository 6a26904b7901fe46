// The long-running service: reads the environment, builds the container, listens, and stops when it is told to.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createContainer, readAwsConfig, TOKENS } from '@jobs-api/adapters-aws';
import { createApp, createLogger, messageClasses, readHttpConfig } from '@jobs-api/http-express';
import { createHttpServer, createMetrics, docsRoutes, flushSpans } from '@jobs-api/http-express/service';

const aws = readAwsConfig(process.env);
const http = readHttpConfig(process.env);
if (aws.problems || http.problems) {
  const problems = [...(aws.problems ?? []), ...(http.problems ?? [])];
  process.stderr.write(`${problems.join('\n')}\n`);
  process.exit(1);
}

const { host, drainSeconds, shutdownGraceSeconds, metricsPort, ...config } = http.config;
const logger = createLogger(config.logLevel);
process.on('uncaughtException', (error) => {
  logger.fatal({ error }, 'stopped by an error');
  process.exit(1);
});

const metrics =
  metricsPort === undefined
    ? undefined
    : createMetrics({ port: metricsPort, host, tokenCacheStats: () => container.get(TOKENS.tokenCacheStats)() });
const container = createContainer(aws.config, {
  onWarning: (message, error) => logger.warn({ error }, message),
  onAwsCall: metrics?.onAwsCall,
});
const readinessChecks = container.get(TOKENS.readinessChecks);
const shutdown = new AbortController();
const app = createApp({
  ...config,
  requestTimeoutSeconds: () => config.requestTimeoutSeconds,
  jobs: container.get(TOKENS.jobs),
  authenticator: container.get(TOKENS.authenticator),
  logger,
  readinessChecks,
  shutdown: shutdown.signal,
  requestObserver: metrics?.requestObserver,
  docs: docsRoutes(),
});
const { keepAliveSeconds } = config;
const { server, close } = createHttpServer(app, { keepAliveSeconds, ...messageClasses(app) });

const stop = async (signal: NodeJS.Signals) => {
  if (shutdown.signal.aborted) process.exit(1);
  logger.info({ signal }, 'stopping');
  shutdown.abort();
  await sleep(drainSeconds * 1000);
  const completed = await close(shutdownGraceSeconds);
  await flushSpans().catch((error: unknown) => logger.warn({ error }, 'spans were not sent'));
  logger.info({ completed }, 'stopped');
  process.exit(completed ? 0 : 1);
};
process.on('SIGTERM', (signal) => void stop(signal));
process.on('SIGINT', (signal) => void stop(signal));

const metrics_port = await metrics?.listen();
server.listen(http.config.port, host);
await once(server, 'listening');
// For a process that imports the service instead of starting it.
export { app, server };
export const { port } = server.address() as AddressInfo;
logger.info({ host, port, metrics_port }, 'listening');

for (const [name, check] of Object.entries(readinessChecks))
  check({}).catch((error: unknown) => logger.warn({ failing: name, error }, 'not ready'));
