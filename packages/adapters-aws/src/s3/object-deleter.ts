import { createHash } from 'node:crypto';
import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { Unavailable } from '@jobs-api/core';
import { awsErrorName, callAws } from '../call-aws.ts';

export interface StoredObject {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly size: number;
}

/** A key that the store did not delete, and why. */
export interface Refusal {
  readonly call: string;
  readonly key: string;
  readonly code: string;
}

interface DeleteOptions {
  readonly signal: AbortSignal | undefined;
  readonly onDeleted?: ((objects: readonly StoredObject[]) => void) | undefined;
}

/** The most keys that S3 takes in one batch. */
export const MAX_KEYS = 1_000;
const MIN_KEYS = 10;
/** A batch that takes longer than this makes the next one smaller, in milliseconds. */
const SLOW_MS = 2_000;
/** A full batch that takes less than this makes the next one larger. */
const FAST_MS = 500;
/** How long batches stay small after one that timed out, in milliseconds. */
const STAYS_SMALL_MS = 600_000;
/** Batches in a row that may time out. */
const MAX_TIMEOUTS = 3;

/** Characters that no batch can contain (https://www.w3.org/TR/xml/#charsets): S3 responds MalformedXML. */
const UNFIT_FOR_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

export const isFitForBatch = (key: string): boolean => !UNFIT_FOR_XML.test(key);

/** Errors of one key that mean that it is gone. */
const GONE = new Set(['NoSuchKey', 'NoSuchVersion']);

/** Deletes objects of one bucket in batches, and remembers which batches its server accepts. */
export class ObjectDeleter {
  readonly #client: S3Client;
  readonly #bucketName: string;
  #batchSize = MAX_KEYS;
  #timedOutAt = -Infinity;
  #sendsMd5 = false;

  constructor(client: S3Client, bucketName: string) {
    this.#client = client;
    this.#bucketName = bucketName;
  }

  /** Returns the keys that the store refused to delete. */
  async delete(objects: readonly StoredObject[], options: DeleteOptions): Promise<Refusal[]> {
    const refusals: Refusal[] = [];
    for (const object of objects)
      if (!isFitForBatch(object.key)) refusals.push(...(await this.#deleteOne(object, options)));
    let rest = objects.filter(({ key }) => isFitForBatch(key));
    let timeouts = 0;
    while (rest.length > 0) {
      const batch = rest.slice(0, this.#batchSize);
      const start = performance.now();
      try {
        refusals.push(...(await this.#deleteBatch(batch, options)));
        rest = rest.slice(batch.length);
        timeouts = 0;
        this.#adapt(batch.length, performance.now() - start);
      } catch (error) {
        if (awsErrorName(error) !== TIMED_OUT) throw error;
        if (++timeouts === MAX_TIMEOUTS)
          throw new Unavailable(`DeleteObjects failed: no response in time to ${batch.length} keys`, { cause: error });
        // The server may still be deleting. The next batch reports what it has deleted by then as deleted or gone.
        this.#batchSize = Math.max(MIN_KEYS, Math.floor(batch.length / 4));
        this.#timedOutAt = performance.now();
      }
    }
    return refusals;
  }

  #adapt(keys: number, ms: number): void {
    if (ms > SLOW_MS) this.#batchSize = Math.max(MIN_KEYS, Math.floor(keys / 2));
    const mayGrow = ms < FAST_MS && performance.now() - this.#timedOutAt > STAYS_SMALL_MS;
    if (mayGrow && keys === this.#batchSize) this.#batchSize = Math.min(MAX_KEYS, keys * 2);
  }

  async #deleteOne(object: StoredObject, { signal, onDeleted }: DeleteOptions): Promise<Refusal[]> {
    const { key, versionId } = object;
    const command = new DeleteObjectCommand({ Bucket: this.#bucketName, Key: key, VersionId: versionId });
    try {
      await callAws('DeleteObject', signal, (options) => this.#client.send(command, options));
      onDeleted?.([object]);
      return [];
    } catch (error) {
      return refusalOf('DeleteObject', key, error, GONE);
    }
  }

  async #deleteBatch(batch: readonly StoredObject[], { signal, onDeleted }: DeleteOptions): Promise<Refusal[]> {
    const send = (withMd5: boolean) =>
      callAws('DeleteObjects', signal, (options) =>
        this.#client.send(deleteObjects(this.#bucketName, batch, withMd5), options),
      );
    // Another batch may find out meanwhile that the server requires it.
    const hadMd5 = this.#sendsMd5;
    const { Deleted = [], Errors = [] } = await send(hadMd5).catch((error: unknown) => {
      if (hadMd5 || !wantsMd5(error)) throw error;
      this.#sendsMd5 = true;
      return send(true);
    });
    if (Deleted.length + Errors.length === 0) throw new Error('DeleteObjects failed: the response names no key');
    const failed = new Set(Errors.map(({ Key, VersionId }) => nameOf(Key, VersionId)));
    onDeleted?.(batch.filter(({ key, versionId }) => !failed.has(nameOf(key, versionId))));
    const refusals = Errors.map(({ Key: key = '', Code: code = 'unknown' }) => ({ call: 'DeleteObjects', key, code }));
    return refusals.filter(({ code }) => !GONE.has(code));
  }
}

/** The refusal behind an error of a call for one key; none if the code means that it is gone. */
export const refusalOf = (call: string, key: string, error: unknown, gone: ReadonlySet<string>): Refusal[] => {
  const code = awsErrorName(error);
  if (code === undefined || error instanceof Unavailable) throw error;
  return gone.has(code) ? [] : [{ call, key, code }];
};

/** A server may leave out the id of the only version that an object has. */
const nameOf = (key: string | undefined, versionId = 'null'): string => JSON.stringify([key, versionId]);

const TIMED_OUT = 'BatchTimedOut';

const deleteObjects = (bucketName: string, batch: readonly StoredObject[], withMd5: boolean): DeleteObjectsCommand => {
  // Without `Quiet`: if a response need not name the keys, an empty one could be from something else than S3.
  const Objects = batch.map(({ key, versionId }) => ({ Key: key, VersionId: versionId }));
  const command = new DeleteObjectsCommand({ Bucket: bucketName, Delete: { Objects } });
  // The SDK would send a batch that timed out again, whole, while the server is still deleting it.
  command.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if ((error as Error).name !== 'TimeoutError') throw error;
        throw Object.assign(new Error((error as Error).message), { name: TIMED_OUT });
      }
    },
    { step: 'deserialize', priority: 'low' },
  );
  // On the command: middleware of the client would turn off our own presigner (presigner.ts).
  if (withMd5)
    command.middlewareStack.add(
      (next) => (args) => {
        const { headers, body } = args.request as { headers: Record<string, string>; body: string };
        headers['content-md5'] = createHash('md5').update(body).digest('base64');
        return next(args);
      },
      { step: 'build' },
    );
  return command;
};

/** OpenStack Swift up to 2.30 and others require the header that the SDK has replaced by newer checksums. */
const wantsMd5 = (error: unknown): boolean => {
  const { cause } = error as Error;
  return cause instanceof Error && /content-?md5/i.test(`${cause.name} ${cause.message}`);
};
