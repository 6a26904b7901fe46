import { createContainer, SERVICES } from '@jobs-api/adapters-aws';
import { createApp, createLogger, InFlight } from '@jobs-api/http-express';
import type { Context } from 'aws-lambda';
import { readConfig } from './config.ts';
import { GatewayAuthenticator } from './gateway-authenticator.ts';
import { secondsLeft } from './invocation.ts';
import { serveEvents } from './serve-events.ts';

const { aws, http, auth } = readConfig(process.env);
const logger = createLogger({ level: http.logLevel, secrets: () => container.get(SERVICES.secrets)() });
const container = createContainer(aws, { onWarning: (message, error) => logger.warn({ error }, message) });

const app = createApp({
  corsOrigins: http.corsOrigins,
  inFlight: new InFlight({ max: http.maxInFlight }),
  jobs: container.get(SERVICES.jobs),
  authenticator: auth === 'gateway' ? new GatewayAuthenticator(aws) : container.get(SERVICES.authenticator),
  logger,
  readinessChecks: container.get(SERVICES.readinessChecks),
  requestTimeoutSeconds: () => Math.min(http.requestTimeoutSeconds, secondsLeft()),
});

const serve = serveEvents(app, (error) => logger.error({ error }, 'the invocation failed'));

/** Handles an HTTP request that arrived as an event. It has two parameters, because AWS's runtime rejects a third. */
export const handler = (event: unknown, context: Context): Promise<object> => serve(event, context);
