import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { createJobs } from '@jobs-api/core';
import type { JobRecord } from '@jobs-api/core/testing';
import {
  describeAuthenticator,
  describeJobStore,
  describeObjectStore,
  type Download,
} from '@jobs-api/core/testing/contracts';
import { createApp, createLogger } from '@jobs-api/http-express';
import { describeHttpApi, overSocket } from '@jobs-api/http-express/testing/contracts';
import Database from 'libsql';
import { createAdapters } from './adapters.ts';
import { openDatabase } from './database.ts';
import { FolderObjectStore } from './folder-object-store.ts';
import { folderPath, objectPath, UPLOAD_MARK } from './object-path.ts';
import { issueToken, putJob } from './other-programs.ts';
import { sha256, SqliteAuthenticator } from './sqlite-authenticator.ts';
import { SqliteJobStore } from './sqlite-job-store.ts';

const secret = 'a secret of these tests';

/** The app and the file server on free ports, their folder, a database that is locked, and one without its table. */
const startService = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sqlite-and-folder-'));
  const objects = join(directory, 'objects');
  await mkdir(objects);
  const fileServer = await listen();
  const filesUrl = urlOf(fileServer);
  const adapters = createAdapters({ directory, filesUrl, secret });
  const { jobStore, objectStore, authenticator, readinessChecks } = adapters;
  fileServer.on('request', objectStore.serve);
  const app = createApp({
    jobs: createJobs({ jobStore, objectStore }),
    authenticator,
    logger: createLogger({ level: 'silent' }),
    readinessChecks,
  });
  const server = (await listen()).on('request', app);

  const locked = openDatabase(join(directory, 'locked.db'));
  locked.pragma('journal_mode = DELETE');
  const holder = new Database(join(directory, 'locked.db'));
  holder.exec('BEGIN EXCLUSIVE');
  const dropped = openDatabase(join(directory, 'dropped.db'));
  dropped.exec('DROP TABLE jobs');

  const close = async () => {
    for (const each of [server, fileServer]) await new Promise((resolve) => each.close(resolve));
    for (const database of [adapters.database, locked, holder, dropped]) database.close();
    await rm(directory, { recursive: true });
  };
  return { ...adapters, directory, objects, origin: urlOf(server), filesUrl, locked, dropped, close };
};

const listen = async (): Promise<Server> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const putUnreadable = (database: Database.Database, userId: string, jobId: number): void => {
  putJob(database, { userId, jobId });
  database.prepare("UPDATE jobs SET total_size = 'much' WHERE user_id = ? AND job_id = ?").run(userId, jobId);
};

/** Returns the key of the object at a path: the inverse of `object-path.ts`. */
const keyAt = (path: string): string =>
  path
    .split(sep)
    .map((name) => (name.startsWith('~') ? name.slice(1) : name.slice(1) + (name.startsWith('+') ? '/' : '')))
    .map((name) => decodeURIComponent(name))
    .join('');

/** Lists every file, so that a test notices all that is left. */
const contents = async (objects: string, prefix: string): Promise<readonly string[]> => {
  const entries = await readdir(objects, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => keyAt(relative(objects, join(entry.parentPath, entry.name))))
    .filter((key) => key.startsWith(prefix));
};

/** Returns the size of all objects under a prefix, in bytes; uploads do not count. */
const size = async (objects: string, prefix: string): Promise<number> => {
  const folder = join(objects, folderPath(prefix));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith(UPLOAD_MARK));
  const stats = await Promise.all(files.map(({ parentPath, name }) => stat(join(parentPath, name))));
  return stats.reduce((sum, file) => sum + file.size, 0);
};

const download = async (url: string): Promise<Download | undefined> => {
  const response = await fetch(url);
  const body = await response.text();
  return response.ok ? { body, contentDisposition: response.headers.get('content-disposition') } : undefined;
};

describeJobStore('SqliteJobStore', async () => {
  const { database, locked, dropped, close } = await startService();
  return {
    store: new SqliteJobStore(database),
    unreachable: new SqliteJobStore(locked),
    refused: new SqliteJobStore(dropped),
    put: async (record: JobRecord) => putJob(database, record),
    putUnreadable: async (userId, jobId) => putUnreadable(database, userId, jobId),
    close,
  };
});

describeObjectStore('FolderObjectStore', async () => {
  const { objectStore, directory, objects, filesUrl, close } = await startService();
  const storeIn = (folder: string) =>
    new FolderObjectStore({ directory: folder, publicUrl: filesUrl, secret, urlTtlSeconds: 60 });
  // A link that leads to itself, which no retry can follow.
  const loop = join(directory, 'loop');
  await symlink(loop, loop);
  return {
    store: objectStore,
    unreachable: storeIn(join(directory, 'not mounted')),
    refused: storeIn(loop),
    put: (key, body) => objectStore.put(key, body),
    startUpload: async (key) => {
      const folder = join(objects, dirname(objectPath(key)));
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, UPLOAD_MARK + randomUUID()), 'half of it');
    },
    hide: (key) => rm(join(objects, objectPath(key))),
    contents: (prefix) => contents(objects, prefix),
    size: (prefix) => size(objects, prefix),
    get: download,
    request: async (method, url) => {
      const response = await fetch(url, { method, ...(method !== 'DELETE' && { body: 'overwritten' }) });
      await response.text();
    },
    close,
  };
});

describeAuthenticator('SqliteAuthenticator', async () => {
  const { database, locked, close } = await startService();
  return {
    authenticator: new SqliteAuthenticator(database),
    unreachable: new SqliteAuthenticator(locked),
    issueToken: async (userId) => issueToken(database, userId),
    issueExpiredToken: async (userId) => {
      const token = issueToken(database, userId);
      database.prepare('DELETE FROM tokens WHERE sha256 = ?').run(sha256(token));
      return token;
    },
    close,
  };
});

describeHttpApi('createApp on SQLite and a folder', async () => {
  const { database, objectStore, objects, origin, close } = await startService();
  const jobs = database.prepare('SELECT 1 FROM jobs WHERE user_id = ? AND job_id = ?');
  return {
    send: overSocket(origin),
    issueToken: async (userId) => issueToken(database, userId),
    putJob: async (record) => putJob(database, record),
    putUnreadableJob: async (userId, jobId) => putUnreadable(database, userId, jobId),
    hasJob: async (userId, jobId) => jobs.get(userId, jobId) !== undefined,
    putObject: (key, body) => objectStore.put(key, body),
    contents: (prefix) => contents(objects, prefix),
    get: download,
    close,
  };
});
