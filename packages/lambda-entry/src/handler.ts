import { createContainer, SERVICES } from '@jobs-api/adapters-aws';
import { createApp, createLogger, InFlight } from '@jobs-api/http-express';
import { configure } from '@vendia/serverless-express';
import type { Context } from 'aws-lambda';
import { readConfig } from './config.ts';
import { readHttpEvent } from './event.ts';
import type { HttpEvent, ResponseValues } from './event.ts';
import { GatewayAuthenticator } from './gateway-authenticator.ts';
import { invocation, secondsLeft } from './invocation.ts';
import { fitResponse } from './response-size.ts';
import { sendRequestTo } from './send-request.ts';

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

const serve = configure<HttpEvent, object>({
  app,
  framework: { sendRequest: sendRequestTo(app) },
  // A name that the library does not know: unexpected errors then fail the invocation, which alarms can see.
  eventSourceName: 'HTTP',
  eventSource: {
    getRequest: ({ event }: { event: HttpEvent }) => event.request,
    getResponse: ({ event, statusCode, headers, body, isBase64Encoded }: ResponseValues & { event: HttpEvent }) =>
      fitResponse({ statusCode, headers, body, isBase64Encoded }, event.toResult, (bytes) => {
        logger.warn({ request_id: headers['x-request-id'], status: 413, bytes }, 'the response was too large');
      }),
  },
});

/** Handles an HTTP request that arrived as an event. It has two parameters, because AWS's runtime rejects a third. */
export const handler = async (event: unknown, context: Context): Promise<object> => {
  const httpEvent = readHttpEvent(event);
  return invocation.run({ event, context }, () => serve(httpEvent, context, () => undefined)) as Promise<object>;
};
