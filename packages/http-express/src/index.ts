export { createApp } from './app.ts';
export type { AppOptions } from './app.ts';
export { httpVariables, readHttpConfig } from './config.ts';
export type { HttpConfig } from './config.ts';
export type { ReadinessChecks } from './health.ts';
export { createLogger } from './logger.ts';
export type { FinishedRequest, RequestObserver } from './observe-requests.ts';
export { openapi } from './openapi.ts';
