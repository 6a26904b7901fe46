import { access } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { createJobs } from '@jobs-api/core';
import { createApp, createLogger } from '@jobs-api/http-express';
import type { HttpConfig } from '@jobs-api/http-express';
import { openDatabase } from './database.ts';
import { FolderObjectStore } from './folder-object-store.ts';
import { SqliteAuthenticator } from './sqlite-authenticator.ts';
import { SqliteJobStore } from './sqlite-job-store.ts';

export interface ServiceOptions {
  /** Has the database, `jobs.db`, and the objects, in `objects`. */
  readonly directory: string;
  /** Where the service is reached, such as `http://127.0.0.1:3000`. */
  readonly origin: string;
  readonly secret: string;
  readonly logLevel: HttpConfig['logLevel'];
}

/** The Jobs API with everything in one folder, and under `/files/` what its links lead to. */
export const createService = ({ directory, origin, secret, logLevel }: ServiceOptions) => {
  const database = openDatabase(join(directory, 'jobs.db'));
  const objects = join(directory, 'objects');
  const objectStore = new FolderObjectStore({
    directory: objects,
    publicUrl: `${origin}/files`,
    secret,
    urlTtlSeconds: 3600,
  });
  const app = createApp({
    jobs: createJobs({ jobStore: new SqliteJobStore(database), objectStore }),
    authenticator: new SqliteAuthenticator(database),
    logger: createLogger({ level: logLevel }),
    readinessChecks: { objects: () => access(objects) },
  });
  const listener: RequestListener = (req, res) => {
    if (req.url?.startsWith('/files/')) objectStore.serve(req, res);
    else app(req, res);
  };
  return { listener, database, objectStore };
};
