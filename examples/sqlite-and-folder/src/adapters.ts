import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from './database.ts';
import { FolderObjectStore } from './folder-object-store.ts';
import { SqliteAuthenticator } from './sqlite-authenticator.ts';
import { SqliteJobStore } from './sqlite-job-store.ts';

export interface FolderOptions {
  /** Contains the database, `jobs.db`, and the objects, in `objects`. */
  readonly directory: string;
  /** Public address of the files, such as `http://127.0.0.1:3001`. */
  readonly filesUrl: string;
  /** Signs the links to files. */
  readonly secret: string;
}

/** Creates the three adapters, with everything in one folder. */
export const createAdapters = ({ directory, filesUrl, secret }: FolderOptions) => {
  const database = openDatabase(join(directory, 'jobs.db'));
  const objects = join(directory, 'objects');
  return {
    database,
    jobStore: new SqliteJobStore(database),
    objectStore: new FolderObjectStore({ directory: objects, publicUrl: filesUrl, secret, urlTtlSeconds: 3600 }),
    authenticator: new SqliteAuthenticator(database),
    readinessChecks: { objects: () => access(objects) },
  };
};
