import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { ObjectStoreHarness } from '@jobs-api/core/testing/contracts';
import { folderPath, objectPath, UPLOAD_MARK } from '../object-path.ts';

/** Returns what the contract suite of the ObjectStore needs of the folder of all objects, and of the links. */
export const folderHarness = (objects: string) =>
  ({
    startUpload: async (key) => {
      const folder = join(objects, dirname(objectPath(key)));
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, UPLOAD_MARK + randomUUID()), 'half of it');
    },
    hide: (key) => rm(join(objects, objectPath(key))),
    // Reads the whole folder, so that a test notices everything that is left.
    contents: async (prefix) => {
      const paths = await filesIn(objects);
      return paths.map((path) => keyAt(relative(objects, path))).filter((key) => key.startsWith(prefix));
    },
    size: async (prefix) => {
      const paths = await filesIn(join(objects, folderPath(prefix)));
      const objectPaths = paths.filter((path) => !basename(path).startsWith(UPLOAD_MARK));
      const sizes = await Promise.all(objectPaths.map(async (path) => (await stat(path)).size));
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    get: async (url) => {
      const response = await fetch(url);
      const body = await response.text();
      return response.ok ? { body, contentDisposition: response.headers.get('content-disposition') } : undefined;
    },
    request: async (method, url) => {
      const response = await fetch(url, { method, ...(method !== 'DELETE' && { body: 'overwritten' }) });
      await response.text();
    },
  }) satisfies Partial<ObjectStoreHarness>;

const filesIn = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
};

/** Returns the key of the object at a path: the inverse of `object-path.ts`. */
const keyAt = (path: string): string =>
  path
    .split(sep)
    .map((name) => (name.startsWith('~') ? name.slice(1) : name.slice(1) + (name.startsWith('+') ? '/' : '')))
    .map((name) => decodeURIComponent(name))
    .join('');
