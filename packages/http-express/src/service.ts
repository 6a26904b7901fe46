// What a long-running service needs around an app. Not published: it is bundled into the service.
export { flushSpans } from './middleware/tracing.ts';
export { docsRoutes } from './routes/docs/routes.ts';
export { createHttpServer } from './service/http-server.ts';
export { createMetrics } from './service/metrics.ts';
export { version } from './version.ts';
