import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describeObjectStore } from '@jobs-api/core/testing/contracts';
import { FolderObjectStore } from './folder-object-store.ts';
import { folderHarness } from './testing/folder-harness.ts';
import { startAdapters } from './testing/start-adapters.ts';

describeObjectStore('FolderObjectStore', async () => {
  const { objectStore, directory, objects, filesUrl, close } = await startAdapters();
  const storeIn = (folder: string) =>
    new FolderObjectStore({ directory: folder, publicUrl: filesUrl, secret: 'another secret', urlTtlSeconds: 60 });
  // A link that leads to itself, which no retry can follow.
  const loop = join(directory, 'loop');
  await symlink(loop, loop);
  return {
    ...folderHarness(objects),
    store: objectStore,
    unreachable: storeIn(join(directory, 'not mounted')),
    refused: storeIn(loop),
    put: (key, body) => objectStore.put(key, body),
    close,
  };
});
