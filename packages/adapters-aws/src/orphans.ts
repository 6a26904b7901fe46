import { jobPrefix } from '@jobs-api/core';
import { createAwsClients } from './aws-clients.ts';
import type { AwsConfig } from './config.ts';
import { JobRecords } from './dynamodb/job-records.ts';
import type { JobKey } from './job-key.ts';
import { JobsInBucket } from './s3/jobs-in-bucket.ts';
import type { ListPage } from './s3/list-pages.ts';
import { S3ObjectStore } from './s3/s3-object-store.ts';

/** Files, and perhaps an empty record, of a job that no user can see or delete any more. */
export interface Orphan extends JobKey {
  readonly record: 'absent' | 'empty';
  /** Versions and delete markers. */
  readonly objects: number;
  readonly uploads: number;
  /** Size of the versions. */
  readonly bytes: number;
  /** When the newest of these was written; `undefined` if there are none. */
  readonly newest: Date | undefined;
}

export interface OrphanOptions {
  /** A job with anything newer is left alone: a writer may be at work on it. */
  readonly writtenBefore: Date;
}

/** Longer than the default of the service: no caller waits, and a slow server may need it for a batch. */
const REQUEST_TIMEOUT_SECONDS = 60;
/** How many records are read at once. */
const RECORDS_AT_ONCE = 32;

/**
 * Finds and removes what writers left behind against the rules of docs/storage.md. Each page is dropped when the next
 * one is read, so memory does not depend on how much is stored.
 *
 * The bucket is paged twice, by objects and by unfinished uploads, then the table: three passes need no common order,
 * which compatible servers do not promise.
 */
export class Orphans {
  readonly #records: JobRecords;
  readonly #objectStore: S3ObjectStore;
  readonly #bucket: JobsInBucket;
  readonly #writtenBefore: Date;
  /** How many jobs were compared with their record so far. */
  jobsCompared = 0;

  constructor(config: AwsConfig, { writtenBefore }: OrphanOptions) {
    const { bucketName, urlTtlSeconds } = config;
    const { dynamo, s3: client } = createAwsClients(config, { requestTimeoutSeconds: REQUEST_TIMEOUT_SECONDS });
    this.#bucket = new JobsInBucket(client, bucketName);
    this.#objectStore = new S3ObjectStore(client, { bucketName, urlTtlSeconds });
    this.#records = new JobRecords(dynamo, config);
    this.#writtenBefore = writtenBefore;
  }

  /** How many keys so far were not below the prefix of a job. */
  get foreignKeys(): number {
    return this.#bucket.foreignKeys;
  }

  /** Every orphan once. */
  async *find(): AsyncIterable<Orphan> {
    const hasObjects = (job: JobKey) => hasEntries(this.#bucket.versionsOf(job, 1));
    const hasUploads = (job: JobKey) => hasEntries(this.#bucket.uploadsOf(job, 1));
    yield* this.#among(this.#bucket.jobsWithObjects(), () => true);
    yield* this.#among(this.#bucket.jobsWithUploads(), async (job) => !(await hasObjects(job)));
    yield* this.#among(
      this.#records.emptyRecords(),
      async (job) => !(await hasObjects(job)) && !(await hasUploads(job)),
    );
  }

  /**
   * Removes an orphan. Returns `false`, and removes nothing, if it has become a job meanwhile.
   *
   * An empty record goes first, on the condition that it still is empty: if a writer completes it at this moment, its
   * files are untouched. If only the record goes, the files are found again as those of an absent record.
   */
  async remove(job: JobKey): Promise<boolean> {
    const state = await this.#records.currentStateOf(job);
    if (state === 'present') return false;
    if (state === 'empty' && !(await this.#records.deleteIfEmpty(job))) return false;
    await this.#objectStore.deleteAll(jobPrefix(job.userId, job.jobId));
    return true;
  }

  /** @param isFirst whether no earlier pass has found the job */
  async *#among(
    batches: AsyncIterable<readonly JobKey[]>,
    isFirst: (job: JobKey) => boolean | Promise<boolean>,
  ): AsyncIterable<Orphan> {
    for await (const batch of batches) {
      for (let start = 0; start < batch.length; start += RECORDS_AT_ONCE) {
        const jobs = batch.slice(start, start + RECORDS_AT_ONCE);
        const states = await Promise.all(jobs.map((job) => this.#records.stateOf(job)));
        this.jobsCompared += jobs.length;
        for (const [index, job] of jobs.entries()) {
          const record = states[index];
          if (record === undefined || record === 'present' || !(await isFirst(job))) continue;
          const left = await this.#measure(job);
          // A server may list a folder with nothing in it, or mean another one: nothing is left without a record.
          if (left && (record === 'empty' || left.newest)) yield { ...job, record, ...left };
        }
      }
    }
  }

  /** Counts what is stored for a job; `undefined` if anything of it is too new. */
  async #measure(job: JobKey): Promise<Pick<Orphan, 'objects' | 'uploads' | 'bytes' | 'newest'> | undefined> {
    const count = { objects: 0, uploads: 0, bytes: 0 };
    let newest: Date | undefined;
    for (const [pages, counted] of [
      [this.#bucket.versionsOf(job), 'objects'],
      [this.#bucket.uploadsOf(job), 'uploads'],
    ] as const) {
      for await (const { entries } of pages) {
        for (const { size, written } of entries) {
          if (written >= this.#writtenBefore) return undefined;
          if (newest === undefined || written > newest) newest = written;
          count[counted]++;
          count.bytes += size;
        }
      }
    }
    return { ...count, newest };
  }
}

const hasEntries = async (pages: AsyncIterable<ListPage>): Promise<boolean> => {
  for await (const { entries } of pages) if (entries.length > 0) return true;
  return false;
};
