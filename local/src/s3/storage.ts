import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryBodies, openFileBodies, type Bodies, type StoredBody } from './bodies.ts';
import { openJournal, readJournal, type Journal } from './journal.ts';
import { S3Error } from './s3-error.ts';
import { SortedMap } from './sorted-map.ts';

export interface StoredObject {
  /** `null` (the word) for a version that was written while the bucket assigned no version ids. */
  readonly id: string;
  readonly modified: string;
  readonly etag: string;
  readonly size: number;
  /** Headers that a GET returns as they were sent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum: Readonly<Record<string, string>>;
  readonly bodies: readonly StoredBody[];
}

export interface DeleteMarker {
  readonly id: string;
  readonly modified: string;
  readonly deleteMarker: true;
}

export type Version = StoredObject | DeleteMarker;

export const isMarker = (version: Version): version is DeleteMarker => 'deleteMarker' in version;

export interface Part {
  readonly number: number;
  readonly modified: string;
  readonly etag: string;
  readonly checksum: Readonly<Record<string, string>>;
  readonly body: StoredBody;
}

export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly initiated: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, Part>;
}

export interface Bucket {
  /** `undefined` until it is set for the first time; it can never be unset. */
  versioning: 'Enabled' | 'Suspended' | undefined;
  /** The configuration as it was sent, in XML. It is stored and has no effect. */
  lifecycle: string | undefined;
  /** The versions of each key, latest first; never an empty list. */
  readonly objects: SortedMap<readonly Version[]>;
  readonly uploads: Map<string, Upload>;
}

/** A change of the data, as a line of the journal has it. */
type Change = { readonly bucket: string } & (
  | { readonly type: 'bucket'; readonly versioning?: Bucket['versioning'] }
  | { readonly type: 'bucket-removed' }
  | { readonly type: 'lifecycle'; readonly lifecycle: string }
  | { readonly type: 'version'; readonly key: string; readonly version: Version }
  | { readonly type: 'version-removed'; readonly key: string; readonly id: string }
  | { readonly type: 'upload'; readonly upload: Omit<Upload, 'parts'> }
  | { readonly type: 'part'; readonly upload: string; readonly part: Part }
  | { readonly type: 'upload-removed'; readonly upload: string; readonly completed?: StoredObject }
);

/**
 * The buckets, in memory; with a directory also there: bodies as files, everything else as changes in a journal.
 *
 * A body is whole and under its final name before a record names it, and a record is written before the change is
 * seen or acknowledged. A process may be killed at any point: the next one has everything that was acknowledged.
 */
export class Storage {
  readonly #buckets = new Map<string, Bucket>();
  readonly #bodies: Bodies;
  readonly #journal: Journal | undefined;

  constructor(directory?: string) {
    if (directory === undefined) {
      this.#bodies = createMemoryBodies();
      return;
    }
    mkdirSync(directory, { recursive: true });
    const path = join(directory, 'journal.jsonl');
    readJournal(path, (record) => this.#apply(record as Change));
    this.#journal = openJournal(path, this.#changes());
    this.#bodies = openFileBodies(join(directory, 'bodies'), new Set(this.#bodyIds()));
  }

  close(): void {
    this.#journal?.close();
  }

  /** @throws S3Error NoSuchBucket */
  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw new S3Error('NoSuchBucket', undefined, { details: { BucketName: name } });
    return bucket;
  }

  hasBucket(name: string): boolean {
    return this.#buckets.has(name);
  }

  /** Makes the change last, then visible, and drops the bodies that it leaves without a name. */
  commit(change: Change): void {
    this.#journal?.append(change);
    for (const body of this.#apply(change)) this.#bodies.remove(body.id);
  }

  /** Writes a body and calls `name`, which commits the record that names it. If either fails, nothing is left of the body. */
  async keep<T>(chunks: AsyncIterable<Buffer>, name: (body: StoredBody) => T): Promise<T> {
    const body = await this.#bodies.write(chunks);
    try {
      return name(body);
    } catch (error) {
      this.#bodies.remove(body.id);
      throw error;
    }
  }

  /** The bytes from `first` to `last`, both included, of bodies that follow one another. */
  async *read(bodies: readonly StoredBody[], first: number, last: number): AsyncGenerator<Buffer, void, undefined> {
    let offset = 0;
    for (const { id, size } of bodies) {
      const from = Math.max(first - offset, 0);
      const to = Math.min(last - offset, size - 1);
      if (from <= to) yield* this.#bodies.read(id, from, to);
      offset += size;
    }
  }

  /** Returns the bodies that no longer have a name. */
  #apply(change: Change): readonly StoredBody[] {
    if (change.type === 'bucket') {
      const bucket = this.#buckets.get(change.bucket);
      if (bucket !== undefined) bucket.versioning = change.versioning;
      else {
        const { versioning } = change;
        this.#buckets.set(change.bucket, {
          versioning,
          lifecycle: undefined,
          objects: new SortedMap(),
          uploads: new Map(),
        });
      }
      return [];
    }
    const bucket = this.bucket(change.bucket);
    switch (change.type) {
      case 'bucket-removed':
        this.#buckets.delete(change.bucket);
        return [...bucket.uploads.values()].flatMap(partBodies);
      case 'lifecycle':
        bucket.lifecycle = change.lifecycle;
        return [];
      case 'version':
        return addVersion(bucket, change.key, change.version);
      case 'version-removed':
        return removeVersion(bucket, change.key, change.id);
      case 'upload':
        bucket.uploads.set(change.upload.id, { ...change.upload, parts: new Map() });
        return [];
      case 'part': {
        const parts = bucket.uploads.get(change.upload)?.parts;
        const replaced = parts?.get(change.part.number);
        parts?.set(change.part.number, change.part);
        return replaced === undefined ? [] : [replaced.body];
      }
      case 'upload-removed': {
        const upload = bucket.uploads.get(change.upload);
        if (upload === undefined) return [];
        bucket.uploads.delete(change.upload);
        const { completed } = change;
        if (completed === undefined) return partBodies(upload);
        const used = new Set(completed.bodies.map(({ id }) => id));
        const unused = partBodies(upload).filter(({ id }) => !used.has(id));
        return [...unused, ...addVersion(bucket, upload.key, completed)];
      }
      default:
        throw new Error(`there is no change ${JSON.stringify(change satisfies never)}`);
    }
  }

  /** The fewest changes that lead to what there is now. */
  *#changes(): Generator<Change, void, undefined> {
    for (const [bucket, { versioning, lifecycle, objects, uploads }] of this.#buckets) {
      yield { type: 'bucket', bucket, versioning };
      if (lifecycle !== undefined) yield { type: 'lifecycle', bucket, lifecycle };
      for (const [key, versions] of objects.entriesFrom('')) {
        for (const version of [...versions].reverse()) yield { type: 'version', bucket, key, version };
      }
      for (const { parts, ...upload } of uploads.values()) {
        yield { type: 'upload', bucket, upload };
        for (const part of parts.values()) yield { type: 'part', bucket, upload: upload.id, part };
      }
    }
  }

  *#bodyIds(): Generator<string, void, undefined> {
    for (const change of this.#changes()) {
      if (change.type === 'version') yield* bodiesOf(change.version).map(({ id }) => id);
      if (change.type === 'part') yield change.part.body.id;
    }
  }
}

const bodiesOf = (version: Version) => (isMarker(version) ? [] : version.bodies);
const partBodies = ({ parts }: Upload) => [...parts.values()].map(({ body }) => body);

/** Puts the version on top. There is one `null` version at most: a new one takes the place of the old. */
const addVersion = ({ objects }: Bucket, key: string, version: Version): readonly StoredBody[] => {
  const versions = objects.get(key) ?? [];
  objects.set(key, [version, ...versions.filter(({ id }) => id !== version.id)]);
  return versions.filter(({ id }) => id === version.id).flatMap(bodiesOf);
};

const removeVersion = ({ objects }: Bucket, key: string, versionId: string): readonly StoredBody[] => {
  const versions = objects.get(key) ?? [];
  const left = versions.filter(({ id }) => id !== versionId);
  if (left.length > 0) objects.set(key, left);
  else objects.delete(key);
  return versions.filter(({ id }) => id === versionId).flatMap(bodiesOf);
};
