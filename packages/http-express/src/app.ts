import type { Authenticator, Jobs, ReadinessChecks } from '@jobs-api/core';
import express, { type Express, type Router } from 'express';
import type { Logger } from 'pino';
import { cors } from './middleware/cors.ts';
import { InFlight } from './request/in-flight.ts';
import { lifecycle } from './middleware/lifecycle.ts';
import { observeRequests, type RequestObserver } from './middleware/observe-requests.ts';
import { requestLog } from './middleware/request-log.ts';
import { responseHeaders } from './middleware/response-headers.ts';
import { tracing } from './middleware/tracing.ts';
import { parseQuery } from './request/parameters.ts';
import { errorResponse, notFound } from './response/errors.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addJobsRoutes } from './routes/jobs.ts';
import { addOpenapiRoute } from './routes/openapi.ts';
import { createLogger } from './logging/logger.ts';

export interface AppOptions {
  readonly jobs: Jobs;
  readonly authenticator: Authenticator;
  /** Default: JSON lines on standard output. */
  readonly logger?: Logger;
  /** Default: none, so that `/readyz` returns 200. */
  readonly readinessChecks?: ReadinessChecks;
  /** Aborts when the service is about to stop. `/readyz` then returns 503. */
  readonly shutdown?: AbortSignal;
  /** Returns the time limit of the current request. Default: 10 s. */
  readonly requestTimeoutSeconds?: () => number;
  /** Default: 1,000 requests at once. */
  readonly inFlight?: InFlight;
  /** Origins whose pages may call the API from a browser, such as `https://app.example.com`. Default: none. */
  readonly corsOrigins?: readonly string[];
  readonly requestObserver?: RequestObserver | undefined;
  /** The routes of the page `/docs`. Default: none. */
  readonly docs?: Router | undefined;
}

/** Creates the Jobs API as an Express app around any adapters. */
export const createApp = ({
  jobs,
  authenticator,
  logger = createLogger(),
  readinessChecks = {},
  shutdown = new AbortController().signal,
  requestTimeoutSeconds = () => 10,
  inFlight = new InFlight({ max: 1_000 }),
  corsOrigins = [],
  requestObserver,
  docs,
}: AppOptions): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag'); // responses must not be cached, so a hash of the body would be wasted
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('query parser', parseQuery);

  app.use(lifecycle);
  app.use(tracing);
  if (requestObserver) app.use(observeRequests(requestObserver));
  app.use(responseHeaders);
  app.use(requestLog(logger));
  addHealthRoutes(app, readinessChecks, shutdown);
  if (corsOrigins.length > 0) app.use(cors(corsOrigins));
  addJobsRoutes(app, { jobs, authenticator, inFlight, requestTimeoutSeconds });
  addOpenapiRoute(app);
  if (docs) app.use(docs);
  app.use(notFound);
  app.use(errorResponse);
  return app;
};
