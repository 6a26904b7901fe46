import type { KeyPrefix, ObjectKey } from '../object-keys.ts';
import type { DeleteAllOptions, ObjectStore, Presigner, PresignOptions, Removed } from '../ports/object-store.ts';
import { Stall } from './stall.ts';

interface Entry {
  readonly kind: 'version' | 'marker' | 'upload';
  readonly key: string;
  readonly body: string;
}

const MAX_KEY_BYTES = 1024;

/**
 * An {@link ObjectStore} in memory that is as strict as a real one: it keeps versions and unfinished uploads, deletes
 * in batches, aborts between them, refuses keys that S3 refuses, and fails on demand.
 */
export class MemoryObjectStore implements ObjectStore {
  /** While an error is set for a method, that method rejects with it. */
  readonly failures: Partial<Record<'presign' | 'deleteAll', Error>> = {};
  #entries: Entry[] = [];
  readonly #issued = new Map<string, { key: ObjectKey; downloadAs: string | undefined; expiresAt: Date }>();
  readonly #protected = new Set<string>();
  readonly #batchSize: number;
  readonly #stall = new Stall();
  readonly #expiresAt: Date;

  constructor({ batchSize = 2, expiresAt = new Date('2100-01-01') }: { batchSize?: number; expiresAt?: Date } = {}) {
    this.#batchSize = batchSize;
    this.#expiresAt = expiresAt;
  }

  /** Stores an object; one with the same key becomes its older version. */
  put(key: string, body: string): void {
    this.#add({ kind: 'version', key, body });
  }

  /** Hides an object behind a delete marker, as a versioned bucket does. */
  hide(key: string): void {
    this.#add({ kind: 'marker', key, body: '' });
  }

  /** Begins an upload and leaves it unfinished. */
  startUpload(key: string): void {
    this.#add({ kind: 'upload', key, body: '' });
  }

  /** Makes `deleteAll` wait, until the function that is returned is called. */
  stall(): () => void {
    return this.#stall.begin();
  }

  /** Makes deleting one object fail, until the function that is returned is called. */
  protect(key: string): () => void {
    this.#protected.add(key);
    return () => this.#protected.delete(key);
  }

  /** Everything that is left under a prefix, one line for each version, marker and upload. */
  contents(prefix: string): readonly string[] {
    return this.#entries.filter(({ key }) => key.startsWith(prefix)).map(({ kind, key }) => `${kind} ${key}`);
  }

  /** Returns the size of everything that is left under a prefix, in bytes. */
  size(prefix: string): number {
    return countOf(this.#entries.filter(({ key }) => key.startsWith(prefix))).bytes;
  }

  /** Returns what a GET of the URL downloads: the latest version, or `undefined` if it is refused or there is none. */
  get(url: string): string | undefined {
    const issued = this.#issued.get(url);
    if (!issued || issued.expiresAt.getTime() <= Date.now()) return undefined;
    const latest = this.#entries.findLast((entry) => entry.key === issued.key && entry.kind !== 'upload');
    return latest?.kind === 'version' ? latest.body : undefined;
  }

  /** Returns the response to a GET of the URL, with the header that makes a browser save it; `undefined` as for `get`. */
  download(url: string): { readonly body: string; readonly contentDisposition: string | null } | undefined {
    const [body, name] = [this.get(url), this.#issued.get(url)?.downloadAs];
    const contentDisposition = name === undefined ? null : `attachment; filename*=UTF-8''${encodeURIComponent(name)}`;
    return body === undefined ? undefined : { body, contentDisposition };
  }

  async presigner({ signal, downloadAs, expiresInSeconds = Infinity }: PresignOptions = {}): Promise<Presigner> {
    await this.#enter('presign', signal);
    const expiresAt = new Date(Math.min(this.#expiresAt.getTime(), Date.now() + expiresInSeconds * 1000));
    const presignOne = (key: ObjectKey): string => {
      refuseLongKey(key);
      const url = `memory:///${encodeURIComponent(key)}?signature=${this.#issued.size}`;
      this.#issued.set(url, { key, downloadAs, expiresAt });
      return url;
    };
    return { expiresAt, presign: async (keys) => keys.map(presignOne) };
  }

  async deleteAll(prefix: KeyPrefix, { signal, onRemoved }: DeleteAllOptions = {}): Promise<void> {
    let batch: Set<Entry>;
    do {
      await this.#enter('deleteAll', signal);
      const left = this.#entries.filter(({ key }) => key.startsWith(prefix) && !this.#protected.has(key));
      batch = new Set(left.slice(0, this.#batchSize));
      this.#entries = this.#entries.filter((entry) => !batch.has(entry));
      if (batch.size > 0) onRemoved?.(countOf([...batch]));
      await Promise.resolve();
    } while (batch.size > 0);
    const refused = this.contents(prefix);
    if (refused.length > 0) throw new Error(`not deleted: ${refused.join(', ')}`);
  }

  #add(entry: Entry): void {
    refuseLongKey(entry.key);
    this.#entries.push(entry);
  }

  async #enter(method: keyof typeof this.failures, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (method === 'deleteAll') await this.#stall.wait(signal);
    const failure = this.failures[method];
    if (failure) throw failure;
  }
}

const countOf = (entries: readonly Entry[]): Removed => {
  const uploads = entries.filter(({ kind }) => kind === 'upload').length;
  const bytes = entries.reduce((sum, { body }) => sum + new TextEncoder().encode(body).length, 0);
  return { objects: entries.length - uploads, uploads, bytes };
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const refuseLongKey = (key: string): void => {
  if (new TextEncoder().encode(key).length > MAX_KEY_BYTES)
    throw new Error(`a key over ${MAX_KEY_BYTES} bytes: ${key}`);
};
