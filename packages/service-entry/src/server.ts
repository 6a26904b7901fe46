// The long-running service: reads the environment, creates the AWS adapters, and starts the HTTP service.
import { awsVariables, createContainer, misspelledVariables, readAwsConfig, SERVICES } from '@jobs-api/adapters-aws';
import {
  createLogger,
  createMetrics,
  httpVariables,
  LOG_DELAY_MS,
  readHttpConfig,
  startService,
} from '@jobs-api/http-express';

const aws = readAwsConfig(process.env);
const http = readHttpConfig(process.env);
const misspelled = misspelledVariables(process.env, [...awsVariables, ...httpVariables]);
if (aws.problems || http.problems) {
  const problems = [...(aws.problems ?? []), ...(http.problems ?? []), ...misspelled];
  process.stderr.write(`${problems.join('\n')}\n`);
  process.exit(1);
}

const { logLevel, metricsPort, host } = http.config;
const logger = createLogger({
  level: logLevel,
  delayMs: LOG_DELAY_MS,
  secrets: () => container.get(SERVICES.secrets)(),
});
const metrics =
  metricsPort === undefined
    ? undefined
    : createMetrics({ port: metricsPort, host, tokenCacheStats: () => container.get(SERVICES.tokenCacheStats)() });
const container = createContainer(aws.config, {
  onWarning: (message, error) => logger.warn({ error }, message),
  onAwsCall: metrics?.onAwsCall,
  requestTimeoutSeconds: http.config.requestTimeoutSeconds,
});

for (const warning of misspelled) logger.warn(warning);

// Exported for processes that import the service, such as `pnpm dev`.
export const { app, server, port } = await startService({
  jobs: container.get(SERVICES.jobs),
  authenticator: container.get(SERVICES.authenticator),
  config: http.config,
  logger,
  readinessChecks: container.get(SERVICES.readinessChecks),
  metrics,
});
