import { JobNotFound } from '../errors.ts';
import { isObjectUuid, type JobId, type ObjectUuid, type UserId } from '../identifiers.ts';
import { objectsWithResults, type Job } from '../job.ts';
import { fullResultKey, minResultKey, uploadedFileKey, type ObjectKey } from '../object-keys.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { ObjectStore, Presigner, PresignOptions } from '../ports/object-store.ts';

export interface GetJobOptions extends Omit<PresignOptions, 'downloadAs'> {
  /** Whether to link the uploaded files as well. */
  readonly objectUrls?: boolean;
}

/** Presigned URLs of the results of one object. */
export interface ResultUrls {
  readonly full: string;
  readonly min: string;
}

export interface JobWithLinks {
  readonly job: Job;
  /** Keyed by object uuid; empty if the job has no results (yet). */
  readonly results: Readonly<Record<string, ResultUrls>>;
  /** Presigned URLs of the uploaded files, keyed by object uuid; `undefined` unless requested. */
  readonly objectUrls: Readonly<Record<string, string>> | undefined;
  /** When the links stop working; `undefined` if there are none. */
  readonly expiresAt: Date | undefined;
}

/** Links of some objects, in the order of the record. */
export type LinkBatch<Link> = readonly (readonly [object: ObjectUuid, link: Link])[];

/** A job as {@link JobWithLinks} has it, with links that are signed a few at a time, while they are read. */
export interface StreamedJob {
  readonly job: Job;
  /** Can be read once. */
  readonly results: AsyncIterable<LinkBatch<ResultUrls>>;
  /** Can be read once. */
  readonly objectUrls: AsyncIterable<LinkBatch<string>> | undefined;
  readonly expiresAt: Date | undefined;
}

/**
 * Returns one job of a user, with links to its results and, if requested, to its files.
 *
 * @throws JobNotFound if the user has no such job
 * @throws UnreadableJob if its record cannot be read
 */
export type GetJob = (userId: UserId, jobId: JobId, options?: GetJobOptions) => Promise<JobWithLinks>;

/** Does what {@link GetJob} does, for a caller that writes each link at once instead of keeping all of them. */
export type StreamJob = (userId: UserId, jobId: JobId, options?: GetJobOptions) => Promise<StreamedJob>;

interface Stores {
  readonly jobStore: JobStore;
  readonly objectStore: ObjectStore;
}

export const getJob =
  (stores: Stores): GetJob =>
  async (userId, jobId, options) => {
    const { job, results, objectUrls, expiresAt } = await streamJob(stores)(userId, jobId, options);
    return { job, results: await collect(results), objectUrls: objectUrls && (await collect(objectUrls)), expiresAt };
  };

/** Objects whose links are signed together. With session tokens, the links of these take some 60 KB. */
const BATCH = 16;

export const streamJob =
  ({ jobStore, objectStore }: Stores): StreamJob =>
  async (userId, jobId, options) => {
    const job = await jobStore.find(userId, jobId, options);
    if (job === undefined) throw new JobNotFound(jobId);

    const processed = objectsWithResults(job);
    const uploaded = options?.objectUrls ? Object.keys(job.objectUuidNames).filter(isObjectUuid) : [];
    const hasLinks = processed.length + uploaded.length > 0;
    const presigner = hasLinks ? await objectStore.presigner(options) : undefined;
    // Called for links only.
    const presign = (keys: readonly ObjectKey[]) => (presigner as Presigner).presign(keys);
    const results = inBatches(processed, async (batch) => {
      const keys = batch.flatMap((objectUuid) => [
        fullResultKey(userId, jobId, objectUuid),
        minResultKey(userId, jobId, objectUuid),
      ]);
      const urls = await presign(keys);
      return batch.map((objectUuid, index) => [
        objectUuid,
        { full: urlAt(urls, 2 * index), min: urlAt(urls, 2 * index + 1) },
      ]);
    });
    const objectUrls = inBatches(uploaded, async (batch) => {
      const urls = await presign(batch.map((objectUuid) => uploadedFileKey(userId, jobId, objectUuid)));
      return batch.map((objectUuid, index) => [objectUuid, urlAt(urls, index)]);
    });
    return { job, results, objectUrls: options?.objectUrls ? objectUrls : undefined, expiresAt: presigner?.expiresAt };
  };

async function* inBatches<Link>(
  objects: readonly ObjectUuid[],
  link: (batch: readonly ObjectUuid[]) => Promise<LinkBatch<Link>>,
): AsyncIterable<LinkBatch<Link>> {
  for (let start = 0; start < objects.length; start += BATCH) yield await link(objects.slice(start, start + BATCH));
}

/** The presigner returns one URL for each key. */
const urlAt = (urls: readonly string[], index: number): string => urls[index] as string;

const collect = async <Link>(batches: AsyncIterable<LinkBatch<Link>>): Promise<Readonly<Record<string, Link>>> => {
  // Without a prototype: V8 handles an object with one slowly if it has thousands of keys.
  const links = Object.create(null) as Record<string, Link>;
  for await (const batch of batches) for (const [objectUuid, link] of batch) links[objectUuid] = link;
  return links;
};
