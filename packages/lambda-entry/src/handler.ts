import { createContainer, SERVICES } from '@jobs-api/adapters-aws';
import { untilAborted } from '@jobs-api/core';
import { createApp, createLogger, InFlight } from '@jobs-api/http-express';
import type { Context } from 'aws-lambda';
import { readConfig } from './config.ts';
import { GatewayAuthenticator } from './gateway-authenticator.ts';
import { secondsLeft } from './invocation.ts';
import { serveEvents } from './serve-events.ts';

const { aws, http, auth, warnings } = readConfig(process.env);
const logger = createLogger({ level: http.logLevel, secrets: () => container.get(SERVICES.secrets)() });
const container = createContainer(aws, {
  onWarning: (message, error) => logger.warn({ error }, message),
  requestTimeoutSeconds: http.requestTimeoutSeconds,
});

for (const warning of warnings) logger.warn(warning);

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

const fetchingTokenKeys = auth === 'gateway' ? () => undefined : container.get(SERVICES.fetchingTokenKeys);
/** How long one response waits for a fetch of token keys, in milliseconds. */
const MAX_WAIT_FOR_KEYS_MS = 500;
let awaitedFetch: Promise<void> | undefined;

/**
 * Handles an HTTP request that arrived as an event. It has two parameters, because AWS's runtime rejects a third.
 *
 * Lambda freezes the process once the result is returned. A fetch of token keys in the background would be lost each time,
 * and a withdrawn key would be accepted for hours. The response during which a fetch was started therefore waits for it.
 */
export const handler = async (event: unknown, context: Context): Promise<object> => {
  const result = await serve(event, context);
  const fetching = fetchingTokenKeys();
  if (fetching && fetching !== awaitedFetch) {
    awaitedFetch = fetching;
    await untilAborted(fetching, AbortSignal.timeout(MAX_WAIT_FOR_KEYS_MS)).catch(() => undefined);
  }
  return result;
};
