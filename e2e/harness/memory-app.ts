import { createJobs } from '@jobs-api/core';
import { MemoryAuthenticator, MemoryJobStore, MemoryObjectStore } from '@jobs-api/core/testing';
import { createApp, createLogger, type AppOptions } from '@jobs-api/http-express';

/** Creates the service's app with its stores in memory, and a token of alice. */
export const createMemoryApp = (options: Pick<AppOptions, 'corsOrigins'> = {}) => {
  const jobStore = new MemoryJobStore();
  const jobs = createJobs({ jobStore, objectStore: new MemoryObjectStore() });
  const [authenticator, logger] = [new MemoryAuthenticator(), createLogger({ level: 'silent' })];
  const app = createApp({ jobs, authenticator, logger, ...options });
  return { app, jobStore, token: authenticator.issueToken('alice') };
};
