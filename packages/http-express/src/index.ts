export { createApp, type AppOptions } from './app.ts';
export { httpVariables, readHttpConfig, type HttpConfig } from './config.ts';
export { InFlight, type InFlightObserver, type InFlightOptions } from './request/in-flight.ts';
export type { FinishedRequest, RequestObserver } from './middleware/observe-requests.ts';
export { openapi } from './routes/openapi-document.ts';
export { createLogger, type LoggerOptions } from './logging/logger.ts';
export { createMetrics, type Metrics, type MetricsOptions } from './service/metrics.ts';
export { LOG_DELAY_MS, startService, type RunningService, type ServiceOptions } from './service/start-service.ts';
export { version } from './version.ts';
