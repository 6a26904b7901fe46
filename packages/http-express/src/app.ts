import type { Authenticator, Jobs } from '@jobs-api/core';
import express from 'express';
import type { Express, Router } from 'express';
import type { Logger } from 'pino';
import { cors } from './middleware/cors.ts';
import { deadline } from './middleware/deadline.ts';
import { errorResponse, notFound } from './response/errors.ts';
import { addHealthRoutes } from './routes/health.ts';
import type { ReadinessChecks } from './routes/health.ts';
import { limitInFlight } from './middleware/in-flight.ts';
import { observeRequests } from './middleware/observe-requests.ts';
import type { RequestObserver } from './middleware/observe-requests.ts';
import { parseQuery } from './request/parameters.ts';
import { requestLog } from './middleware/request-log.ts';
import { responseHeaders } from './middleware/response-headers.ts';
import { addJobsRoutes } from './routes/jobs.ts';
import { addOpenapiRoute } from './routes/openapi.ts';
import { tracing } from './middleware/tracing.ts';

export interface AppOptions {
  readonly jobs: Jobs;
  readonly authenticator: Authenticator;
  readonly logger: Logger;
  readonly readinessChecks: ReadinessChecks;
  /** Aborts when the service is about to stop, which makes it not ready. */
  readonly shutdown: AbortSignal;
  /** How long the request that is beginning may take. */
  readonly requestTimeoutSeconds: () => number;
  readonly maxInFlight: number;
  /** Origins whose pages may call this API from a browser, such as `https://app.example.com`. */
  readonly corsOrigins: readonly string[];
  readonly requestObserver?: RequestObserver | undefined;
  /** A page to read and try the API, where there is room for one. */
  readonly docs?: Router;
}

/** The Jobs API as an Express app. It knows the core only: who keeps jobs and files, and who vouches for users, is given. */
export const createApp = (options: AppOptions): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag'); // nothing is cached, so hashing every body would be for nobody
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('query parser', parseQuery);

  app.use(tracing);
  if (options.requestObserver) app.use(observeRequests(options.requestObserver));
  app.use(responseHeaders);
  app.use(requestLog(options.logger));
  addHealthRoutes(app, options.readinessChecks, options.shutdown);
  if (options.corsOrigins.length > 0) app.use(cors(options.corsOrigins));
  app.use(limitInFlight(options.maxInFlight, options.requestObserver?.onShed));
  app.use(deadline(options.requestTimeoutSeconds));
  addJobsRoutes(app, options.jobs, options.authenticator); // first, since looking for a route takes its time
  addOpenapiRoute(app);
  if (options.docs) app.use(options.docs);
  app.use(notFound);
  app.use(errorResponse);
  return app;
};
