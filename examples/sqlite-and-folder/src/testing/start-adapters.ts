import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdapters } from '../adapters.ts';

/** Creates the adapters on a new folder, and starts the server of their links. */
export const startAdapters = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sqlite-and-folder-'));
  const objects = join(directory, 'objects');
  await mkdir(objects);
  const files = await startServer((request, response) => adapters.objectStore.serve(request, response));
  const adapters = createAdapters({ directory, filesUrl: files.url, secret: 'a secret of these tests' });
  const close = async () => {
    await files.close();
    adapters.database.close();
    await rm(directory, { recursive: true });
  };
  return { ...adapters, directory, objects, filesUrl: files.url, close };
};

/** Starts a server on a free port of 127.0.0.1. */
export const startServer = async (listener: RequestListener) => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
};
