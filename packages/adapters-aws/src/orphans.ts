import { jobPrefix, parseJobId, parseUserId } from '@jobs-api/core';
import { createAwsClients } from './aws-clients.ts';
import type { AwsConfig } from './config.ts';
import { JobRecords, type JobKey } from './dynamodb/job-records.ts';
import { pagesOfUploads, pagesOfVersions, type ListPage, type ListQuery } from './s3/list-pages.ts';
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

/** How many records are read at once. */
const RECORDS_AT_ONCE = 32;

type Pages = (query: ListQuery) => AsyncIterable<ListPage>;

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
  readonly #bucket: Pick<ListQuery, 'client' | 'bucketName'>;
  readonly #writtenBefore: Date;
  /** How many keys so far were not below the prefix of a job. */
  foreignKeys = 0;
  /** How many jobs were compared with their record so far. */
  jobsCompared = 0;

  constructor(config: AwsConfig, { writtenBefore }: OrphanOptions) {
    const { bucketName, urlTtlSeconds } = config;
    const { dynamo, s3: client } = createAwsClients(config);
    this.#bucket = { client, bucketName };
    this.#objectStore = new S3ObjectStore(client, { bucketName, urlTtlSeconds });
    this.#records = new JobRecords(dynamo, config);
    this.#writtenBefore = writtenBefore;
  }

  /** Every orphan once. */
  async *find(): AsyncIterable<Orphan> {
    yield* this.#among(this.#jobsIn(pagesOfVersions), () => true);
    yield* this.#among(this.#jobsIn(pagesOfUploads), async (job) => !(await this.#has(pagesOfVersions, job)));
    yield* this.#among(
      this.#records.emptyRecords(),
      async (job) => !(await this.#has(pagesOfVersions, job)) && !(await this.#has(pagesOfUploads, job)),
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
          if (left) yield { ...job, record, ...left };
        }
      }
    }
  }

  /** Counts what is stored for a job; `undefined` if anything of it is too new. */
  async #measure(job: JobKey): Promise<Pick<Orphan, 'objects' | 'uploads' | 'bytes' | 'newest'> | undefined> {
    const count = { objects: 0, uploads: 0, bytes: 0 };
    let newest: Date | undefined;
    for (const [pages, counted] of [
      [pagesOfVersions, 'objects'],
      [pagesOfUploads, 'uploads'],
    ] as const) {
      for await (const { entries } of pages({ ...this.#bucket, prefix: jobPrefix(job.userId, job.jobId) })) {
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

  async #has(pages: Pages, { userId, jobId }: JobKey): Promise<boolean> {
    for await (const { entries } of pages({ ...this.#bucket, prefix: jobPrefix(userId, jobId), maxKeys: 1 }))
      if (entries.length > 0) return true;
    return false;
  }

  /** The jobs in the bucket, by their prefixes; everything that is not below the prefix of a job is counted. */
  async *#jobsIn(pages: Pages): AsyncIterable<readonly JobKey[]> {
    for await (const users of this.#level(pages, '')) {
      for (const folder of users) {
        const userId = parsed(parseUserId, folder.slice(0, -1));
        if (userId === undefined) {
          await this.#countForeign(pages, folder);
          continue;
        }
        for await (const jobs of this.#level(pages, folder)) {
          const batch: JobKey[] = [];
          for (const jobFolder of jobs) {
            const jobId = parsed(parseJobId, jobFolder.slice(folder.length, -1));
            if (jobId === undefined) await this.#countForeign(pages, jobFolder);
            else batch.push({ userId, jobId });
          }
          yield batch;
        }
      }
    }
  }

  async *#level(pages: Pages, prefix: string): AsyncIterable<readonly string[]> {
    let counted: ReadonlySet<string> = new Set();
    for await (const page of pages({ ...this.#bucket, prefix, delimiter: '/' })) {
      counted = this.#addForeign(page, counted);
      yield page.folders;
    }
  }

  async #countForeign(pages: Pages, prefix: string): Promise<void> {
    let counted: ReadonlySet<string> = new Set();
    for await (const page of pages({ ...this.#bucket, prefix })) counted = this.#addForeign(page, counted);
  }

  /** Counts the keys of a page and returns them. The versions of one key may be on two pages, and count once. */
  #addForeign({ entries }: ListPage, countedOnPageBefore: ReadonlySet<string>): ReadonlySet<string> {
    const keys = new Set(entries.map(({ key }) => key));
    for (const key of keys) if (!countedOnPageBefore.has(key)) this.foreignKeys++;
    return keys;
  }
}

const parsed = <Value>(parse: (value: unknown) => Value, text: string): Value | undefined => {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
};
