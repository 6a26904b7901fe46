import type { Authenticator, Jobs } from '@jobs-api/core';
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
import { addHealthRoutes, type ReadinessChecks } from './routes/health.ts';
import { addJobsRoutes } from './routes/jobs.ts';
import { addOpenapiRoute } from './routes/openapi.ts';
import { createLogger } from './logging/logger.ts';

export interface AppOptions {
  readonly jobs: Jobs;
  readonly authenticator: Authenticator;
  /** Default: JSON lines on standard output. */
  readonly logger?: Logger;
  /** Default: none, so that `/readyz` is 200. */
  readonly readinessChecks?: ReadinessChecks;
  /** Aborts when the service is about to stop, which makes it not ready. */
  readonly shutdown?: AbortSignal;
  /** Returns how long the request that is beginning may take. Default: 10 s. */
  readonly requestTimeoutSeconds?: () => number;
  /** Default: 1,000 requests at once. */
  readonly inFlight?: InFlight;
  /** Origins whose pages may call this API from a browser, such as `https://app.example.com`. Default: none. */
  readonly corsOrigins?: readonly string[];
  readonly requestObserver?: RequestObserver | undefined;
  /** Routes of a page to read and try the API. */
  readonly docs?: Router | undefined;
}

/** Creates the Jobs API as an Express app, around any adapters. */
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
  app.disable('etag'); // no response may be cached, so no body needs a hash
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
