import type { KeyPrefix, ObjectKey } from '../object-keys.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { ObjectStore, Presigner, PresignOptions } from '../ports/object-store.ts';

interface Entry {
  readonly kind: 'version' | 'marker' | 'upload';
  readonly key: string;
  readonly body: string;
}

const MAX_KEY_BYTES = 1024;

/**
 * An {@link ObjectStore} in memory that is as strict as a real one: it keeps versions and unfinished uploads, deletes
 * in batches, aborts between them, refuses keys that S3 refuses, and fails when told to.
 */
export class MemoryObjectStore implements ObjectStore {
  /** While an error is set for a method, that method rejects with it. */
  readonly failures: Partial<Record<'presign' | 'deleteAll', Error>> = {};
  #entries: Entry[] = [];
  readonly #issued = new Map<string, { key: ObjectKey; downloadAs: string | undefined }>();
  readonly #batchSize: number;
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

  /** Begins an upload that nobody completes. */
  startUpload(key: string): void {
    this.#add({ kind: 'upload', key, body: '' });
  }

  /** Everything that is left under a prefix, one line for each version, marker and upload. */
  contents(prefix: string): readonly string[] {
    return this.#entries.filter(({ key }) => key.startsWith(prefix)).map(({ kind, key }) => `${kind} ${key}`);
  }

  /** What a GET of the URL brings: the latest version, or `undefined` where it is refused or there is none. */
  get(url: string): string | undefined {
    const key = this.#issued.get(url)?.key;
    const latest = this.#entries.findLast((entry) => entry.key === key && entry.kind !== 'upload');
    return latest?.kind === 'version' ? latest.body : undefined;
  }

  /** The name under which what the URL leads to is saved; `undefined` where it is shown. */
  downloadName(url: string): string | undefined {
    return this.#issued.get(url)?.downloadAs;
  }

  async presigner({ signal, downloadAs }: PresignOptions = {}): Promise<Presigner> {
    this.#enter('presign', signal);
    const presignOne = (key: ObjectKey): string => {
      refuseLongKey(key);
      const url = `memory:///${encodeURIComponent(key)}?signature=${this.#issued.size}`;
      this.#issued.set(url, { key, downloadAs });
      return url;
    };
    return { expiresAt: this.#expiresAt, presign: async (keys) => keys.map(presignOne) };
  }

  async deleteAll(prefix: KeyPrefix, { signal }: CallOptions = {}): Promise<void> {
    let batch: Set<Entry>;
    do {
      this.#enter('deleteAll', signal);
      batch = new Set(this.#entries.filter(({ key }) => key.startsWith(prefix)).slice(0, this.#batchSize));
      this.#entries = this.#entries.filter((entry) => !batch.has(entry));
      await Promise.resolve();
    } while (batch.size > 0);
  }

  #add(entry: Entry): void {
    refuseLongKey(entry.key);
    this.#entries.push(entry);
  }

  #enter(method: keyof typeof this.failures, signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    const failure = this.failures[method];
    if (failure) throw failure;
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const refuseLongKey = (key: string): void => {
  if (new TextEncoder().encode(key).length > MAX_KEY_BYTES)
    throw new Error(`a key over ${MAX_KEY_BYTES} bytes: ${key}`);
};
