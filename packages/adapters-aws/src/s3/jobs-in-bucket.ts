import type { S3Client } from '@aws-sdk/client-s3';
import { jobPrefix, parseJobId, parseUserId } from '@jobs-api/core';
import type { JobKey } from '../job-key.ts';
import { pagesOfUploads, pagesOfVersions, type Entry, type ListPage, type ListQuery } from './list-pages.ts';

/** The jobs of a bucket as `--orphans` finds them. Nothing is kept of a page once the next but one is read. */
export class JobsInBucket {
  readonly #client: S3Client;
  readonly #bucketName: string;
  /** How many keys so far were not below the prefix of a job. */
  foreignKeys = 0;

  constructor(client: S3Client, bucketName: string) {
    this.#client = client;
    this.#bucketName = bucketName;
  }

  /** The jobs with objects, by their prefixes; everything that is not below the prefix of a job is counted. */
  async *jobsWithObjects(): AsyncIterable<readonly JobKey[]> {
    for await (const users of this.#level('')) {
      for (const folder of users) {
        const userId = parsed(parseUserId, folder.slice(0, -1));
        if (userId === undefined) {
          await this.#countForeign(folder);
          continue;
        }
        for await (const jobs of this.#level(folder)) {
          const batch: JobKey[] = [];
          for (const jobFolder of jobs) {
            const jobId = parsed(parseJobId, jobFolder.slice(folder.length, -1));
            if (jobId === undefined) await this.#countForeign(jobFolder);
            else batch.push({ userId, jobId });
          }
          yield batch;
        }
      }
    }
  }

  async *#level(prefix: string): AsyncIterable<readonly string[]> {
    let counted: ReadonlySet<string> = new Set();
    for await (const { entries, folders } of this.#list(pagesOfVersions, { prefix, delimiter: '/' })) {
      counted = this.#addForeign(entries, counted);
      yield folders;
    }
  }

  async #countForeign(prefix: string): Promise<void> {
    let counted: ReadonlySet<string> = new Set();
    for await (const { entries } of this.#list(pagesOfVersions, { prefix }))
      counted = this.#addForeign(entries, counted);
  }

  /** The jobs with unfinished uploads, of which there are few. With a delimiter, RADOS Gateway lists no folders of them. */
  async *jobsWithUploads(): AsyncIterable<readonly JobKey[]> {
    let counted: ReadonlySet<string> = new Set();
    let before: ReadonlyMap<string, JobKey> = new Map();
    for await (const { entries } of this.#list(pagesOfUploads, { prefix: '' })) {
      const jobs = new Map<string, JobKey>();
      const foreign = entries.filter(({ keys }) => {
        // A key that the server does not mean belongs to a job without uploads.
        const meant = keys.flatMap(jobOf);
        for (const job of meant) jobs.set(jobPrefix(job.userId, job.jobId), job);
        return meant.length === 0;
      });
      counted = this.#addForeign(foreign, counted);
      yield [...jobs].flatMap(([prefix, job]) => (before.has(prefix) ? [] : [job]));
      before = jobs;
    }
  }

  versionsOf({ userId, jobId }: JobKey, maxKeys?: number): AsyncIterable<ListPage> {
    return this.#list(pagesOfVersions, { prefix: jobPrefix(userId, jobId), maxKeys });
  }

  uploadsOf({ userId, jobId }: JobKey, maxKeys?: number): AsyncIterable<ListPage> {
    return this.#list(pagesOfUploads, { prefix: jobPrefix(userId, jobId), maxKeys });
  }

  /** @throws if the server ends the list early: what it has not listed cannot be compared */
  async *#list(
    pages: typeof pagesOfVersions,
    query: Omit<ListQuery, 'client' | 'bucketName'>,
  ): AsyncIterable<ListPage> {
    let isComplete = false;
    for await (const page of pages({ client: this.#client, bucketName: this.#bucketName, ...query })) {
      yield page;
      isComplete = page.isLast;
    }
    if (!isComplete) throw new Error(`the list of ${JSON.stringify(query.prefix)} ends early`);
  }

  /** Counts the keys of a page and returns them. The versions of one key may be on two pages, and count once. */
  #addForeign(entries: readonly Entry[], countedOnPageBefore: ReadonlySet<string>): ReadonlySet<string> {
    const keys = new Set(entries.map(({ keys: [key] }) => key));
    for (const key of keys) if (!countedOnPageBefore.has(key)) this.foreignKeys++;
    return keys;
  }
}

/** The job that a key belongs to, if it does. */
const jobOf = (key: string): JobKey[] => {
  const [user, job, ...rest] = key.split('/');
  const [userId, jobId] = [parsed(parseUserId, user), parsed(parseJobId, job)];
  return userId !== undefined && jobId !== undefined && rest.length > 0 ? [{ userId, jobId }] : [];
};

const parsed = <Value>(parse: (value: unknown) => Value, text: unknown): Value | undefined => {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
};
