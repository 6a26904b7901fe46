import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { mkdir, open, readdir, rename, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener } from 'node:http';
import { basename, dirname, join } from 'node:path';
import { create as contentDisposition } from 'content-disposition';
import {
  Unavailable,
  type DeleteAllOptions,
  type KeyPrefix,
  type ObjectKey,
  type ObjectStore,
  type Presigner,
  type PresignOptions,
} from '@jobs-api/core';
import send from 'send';
import { folderPath, objectPath, UPLOAD_MARK } from './object-path.ts';

export interface FolderObjectStoreOptions {
  /** Contains all objects. It must exist: on a disk that is not mounted, a delete must not succeed. */
  readonly directory: string;
  /** Public address of `serve`, such as `https://files.example.com/jobs`. */
  readonly publicUrl: string;
  /** Signs the URLs. Its holder can read all objects. */
  readonly secret: string;
  /** Lifetime of a URL, in seconds. */
  readonly urlTtlSeconds: number;
}

/** Objects as files in a folder, and the HTTP handler that its presigned URLs lead to. */
export class FolderObjectStore implements ObjectStore {
  readonly #options: FolderObjectStoreOptions;

  constructor(options: FolderObjectStoreOptions) {
    this.#options = options;
  }

  /** Stores an object, for other programs. A reader sees all of it or nothing. */
  async put(key: string, body: string | Uint8Array): Promise<void> {
    const path = join(this.#options.directory, objectPath(key));
    const upload = join(dirname(path), UPLOAD_MARK + randomUUID());
    await mkdir(dirname(path), { recursive: true });
    await writeFile(upload, body);
    await rename(upload, path);
  }

  async presigner({ signal, downloadAs, expiresInSeconds = Infinity }: PresignOptions = {}): Promise<Presigner> {
    signal?.throwIfAborted();
    const expires = Math.floor(Date.now() / 1000) + Math.min(this.#options.urlTtlSeconds, expiresInSeconds);
    const presignOne = (key: ObjectKey): string => {
      const query = new URLSearchParams({ expires: String(expires) });
      if (downloadAs !== undefined) query.set('download-as', downloadAs);
      query.set('signature', this.#sign(key, query));
      return `${this.#options.publicUrl}/${key.split('/').map(encodeURIComponent).join('/')}?${query.toString()}`;
    };
    return { expiresAt: new Date(expires * 1000), presign: async (keys) => keys.map(presignOne) };
  }

  async deleteAll(prefix: KeyPrefix, { signal, onRemoved }: DeleteAllOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const { directory } = this.#options;
    if (!(await exists(directory))) throw new Unavailable(`the folder ${directory} does not exist`);
    const folder = join(directory, folderPath(prefix));
    while (await exists(folder)) {
      await removeTree(folder, signal, onRemoved);
      signal?.throwIfAborted();
    }
    // The record is deleted next: a power cut must not bring the files back after that.
    await sync(dirname(folder));
  }

  /** Responds to GET of a presigned URL, with 403 to all else. Supports ranges. The key's extension gives the media type. */
  readonly serve: RequestListener = (req, res) => {
    const found = this.#verify(req);
    res.setHeader('X-Content-Type-Options', 'nosniff');
    // Uploaded files may be pages with scripts: these must not run in this origin.
    res.setHeader('Content-Security-Policy', 'sandbox');
    if (found === undefined) {
      res.writeHead(403).end();
      return;
    }
    const root = this.#options.directory;
    send(req, encodeURI(objectPath(found.key)), { root, cacheControl: false })
      .on('headers', () => {
        if (found.downloadAs !== null) res.setHeader('Content-Disposition', contentDisposition(found.downloadAs));
      })
      .on('error', ({ status }: { status: number }) => {
        if (res.headersSent) res.destroy();
        else res.writeHead(status).end();
      })
      .pipe(res);
  };

  /** Returns the object of a request, if its URL was signed by this store and has not expired. */
  #verify({ method, url = '' }: IncomingMessage): { key: string; downloadAs: string | null } | undefined {
    const base = new URL(this.#options.publicUrl);
    if ((method !== 'GET' && method !== 'HEAD') || !URL.canParse(url, base.origin)) return undefined;
    const { pathname, searchParams: query } = new URL(url, base.origin);
    const key = decode(pathname.slice(base.pathname.replace(/\/?$/, '/').length));
    const given = Buffer.from(query.get('signature') ?? '');
    query.delete('signature');
    const right = Buffer.from(this.#sign(key, query));
    const isOurs = given.length === right.length && timingSafeEqual(given, right);
    if (!isOurs || Number(query.get('expires')) * 1000 <= Date.now()) return undefined;
    return { key, downloadAs: query.get('download-as') };
  }

  #sign(key: string, query: URLSearchParams): string {
    return createHmac('sha256', this.#options.secret).update(`${query.toString()}\n${key}`).digest('hex');
  }
}

/**
 * Removes what is in a folder, file by file so that each is counted, and the folders that are empty then. A file that cannot
 * be removed does not keep the others from being removed.
 */
const removeTree = async (
  folder: string,
  signal: AbortSignal | undefined,
  onRemoved: DeleteAllOptions['onRemoved'],
): Promise<void> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(ifGone);
  const failures: unknown[] = [];
  const folders = [folder];
  for (const entry of entries ?? []) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) {
      folders.push(path);
      continue;
    }
    signal?.throwIfAborted();
    try {
      const { size } = await stat(path);
      await unlink(path);
      const isUpload = basename(path).startsWith(UPLOAD_MARK);
      onRemoved?.(isUpload ? { objects: 0, uploads: 1, bytes: 0 } : { objects: 1, uploads: 0, bytes: size });
    } catch (error) {
      if (!isGone(error)) failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} files were not removed`);
  // The deepest first. A file may have been added meanwhile: the next round removes it.
  for (const path of folders.sort((one, other) => other.length - one.length))
    await rmdir(path).catch((error: unknown) => {
      if (!isGone(error) && (error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    });
};

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

const ifGone = (error: unknown): undefined => {
  if (!isGone(error)) throw error;
};

/** Decodes a key. Malformed encodings result in an empty key, which no object has. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
};

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: unknown) => {
      if (isGone(error)) return false;
      throw error;
    },
  );

/** Writes the changes of a folder's entries to the disk. */
const sync = async (folder: string): Promise<void> => {
  if (!(await exists(folder))) return;
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
};
