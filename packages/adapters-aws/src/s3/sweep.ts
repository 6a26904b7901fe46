import { setTimeout } from 'node:timers/promises';
import { AbortMultipartUploadCommand } from '@aws-sdk/client-s3';
import { Unavailable, type DeleteAllOptions, type KeyPrefix } from '@jobs-api/core';
import { callAws } from '../call-aws.ts';
import { pagesOfUploads, pagesOfVersions, type Entry, type ListQuery } from './list-pages.ts';
import {
  isFitForBatch,
  MAX_KEYS,
  refusalOf,
  type ObjectDeleter,
  type Refusal,
  type StoredObject,
} from './object-deleter.ts';
import { hasGone, PortionsOfList } from './portions.ts';

interface Sweep extends ListQuery {
  readonly prefix: KeyPrefix;
  readonly deleter: ObjectDeleter;
  readonly onRemoved?: DeleteAllOptions['onRemoved'];
}

/** How many uploads are aborted at once, each on a connection of its own. */
const UPLOADS_PER_PAGE = 50;
/** Passes in a row that may find everything that the store reported as deleted. */
const MAX_UNCHANGED_PASSES = 5;
const FIRST_PAUSE_MS = 100;
/** Passes after one in which keys were refused only with temporary errors. */
const MAX_RETRIES = 2;
/** Characters of a key in a message: keys may be long, and the log cuts messages. */
const MAX_KEY_LENGTH = 300;

/** Errors of one key that S3 documents as temporary. */
const PASSING_CODES = new Set(['SlowDown', 'InternalError', 'ServiceUnavailable']);

/** The result of a pass. */
interface Pass {
  readonly uploads: PortionsOfList;
  readonly objects: PortionsOfList;
  readonly refusals: readonly Refusal[];
}

/**
 * Deletes everything under a prefix, pass after pass, until one finds nothing: an upload that completes during a pass,
 * or an object that is written meanwhile, is found by the next.
 *
 * A pass lists unfinished uploads before it lists objects. The other way round, an upload that completes in between would
 * be in neither list, and a pass that found nothing would prove nothing.
 *
 * Some stores still list what they report as deleted. Until an entry has disappeared, a pass deletes a part of the
 * first page only. If nothing disappears the passes pause and then end, after 40 calls at most.
 */
export const sweepPrefix = async (sweep: Sweep): Promise<void> => {
  let previous: Pass | undefined;
  let unchangedPasses = 0;
  let retries = 0;
  for (;;) {
    const pass = await runPass(sweep, previous, unchangedPasses);
    const isComplete = pass.uploads.isComplete && pass.objects.isComplete;
    // At the end of a pass, so that a key which cannot be deleted does not keep the others from being deleted.
    const [refused] = pass.refusals;
    if (isComplete && refused && !(isPassing(pass.refusals) && retries++ < MAX_RETRIES))
      throw refusedError(sweep, refused, pass.refusals);
    const [found] = [...pass.uploads.firstPage, ...pass.objects.firstPage];
    if (isComplete && !found) return;
    unchangedPasses = previous && !hasProgress(previous, pass) ? unchangedPasses + 1 : 0;
    if (unchangedPasses === MAX_UNCHANGED_PASSES) {
      if (refused) throw refusedError(sweep, refused, pass.refusals);
      const listed = found ? `still lists ${quote(found.keys[0])}` : 'lists nothing and does not end the list';
      throw new Unavailable(
        `deleting ${quote(sweep.prefix)} makes no progress: the store ${listed} after ${unchangedPasses + 1} passes in which it said that it deleted everything`,
      );
    }
    if (unchangedPasses > 0) await pause(FIRST_PAUSE_MS * 2 ** (unchangedPasses - 1), sweep.signal);
    previous = pass;
  }
};

const runPass = async (sweep: Sweep, previous: Pass | undefined, unchangedPasses: number): Promise<Pass> => {
  const { deleter, signal } = sweep;
  // A store that reports errors does what it reports, so the rest can be deleted.
  const isHonest = previous !== undefined && previous.refusals.length > 0 && unchangedPasses === 0;
  const refusals: Refusal[] = [];

  const pages = pagesOfUploads({ ...sweep, maxKeys: UPLOADS_PER_PAGE });
  const uploads = new PortionsOfList(pages, previous?.uploads, isHonest, (entries, few) => entries.slice(0, few));
  for await (const entries of uploads)
    refusals.push(...(await Promise.all(entries.map((entry) => abortUpload(sweep, entry)))).flat());

  const objects = new PortionsOfList(pagesOfVersions(sweep), previous?.objects, isHonest, oneBatch);
  // A page is deleted while the next one is listed, and never more than one at once: S3 throttles faster deletes.
  let deletion = Promise.resolve<Refusal[]>([]);
  try {
    for await (const entries of objects) {
      refusals.push(...(await deletion));
      // Entries that are still listed after they were deleted have been counted before.
      const onDeleted = unchangedPasses > 0 ? undefined : countObjects(sweep);
      deletion = deleter.delete(storedObjects(entries, unchangedPasses > 0), { signal, onDeleted });
      deletion.catch(() => undefined); // awaited below, or in the next turn
    }
  } finally {
    refusals.push(...(await deletion));
  }
  return { uploads, objects, refusals };
};

const countObjects =
  ({ onRemoved }: Sweep) =>
  (objects: readonly StoredObject[]): void => {
    const bytes = objects.reduce((sum, { size }) => sum + size, 0);
    if (objects.length > 0) onRemoved?.({ objects: objects.length, uploads: 0, bytes });
  };

const hasProgress = (previous: Pass, current: Pass): boolean =>
  hasGone(previous.uploads, current.uploads) || hasGone(previous.objects, current.objects);

/** One batch, and one key that no batch can contain. */
const oneBatch = (entries: readonly Entry[]): readonly Entry[] => {
  const [fit, unfit] = [entries.filter(isFit), entries.filter((entry) => !isFit(entry))];
  return [...fit.slice(0, MAX_KEYS), ...unfit.slice(0, 1)];
};

const isFit = ({ keys }: Entry): boolean => isFitForBatch(keys[0]);

/** If the most likely reading of a key has deleted nothing, every reading is deleted: all of them are under the prefix. */
const storedObjects = (entries: readonly Entry[], withAllReadings: boolean): StoredObject[] =>
  entries.flatMap(({ keys, id, size }) =>
    (withAllReadings ? keys : keys.slice(0, 1)).map((key) => ({ key, versionId: id, size })),
  );

/** An upload that is gone was completed or aborted by another program; the next pass finds which. */
const abortUpload = async (sweep: Sweep, { keys, id }: Entry): Promise<Refusal[]> => {
  const { client, bucketName, signal, onRemoved } = sweep;
  for (const key of keys) {
    const command = new AbortMultipartUploadCommand({ Bucket: bucketName, Key: key, UploadId: id });
    try {
      await callAws('AbortMultipartUpload', signal, (options) => client.send(command, options));
      onRemoved?.({ objects: 0, uploads: 1, bytes: 0 });
      return [];
    } catch (error) {
      const refusals = refusalOf('AbortMultipartUpload', key, error, NO_UPLOAD);
      if (refusals.length > 0) return refusals;
    }
  }
  return [];
};

/** Errors that mean that an upload is gone. OpenStack Swift responds NoSuchKey when two deletes abort it at once. */
const NO_UPLOAD = new Set(['NoSuchUpload', 'NoSuchKey']);

const isPassing = (refusals: readonly Refusal[]): boolean => refusals.every(({ code }) => PASSING_CODES.has(code));

const refusedError = ({ prefix }: Sweep, { call, key }: Refusal, refusals: readonly Refusal[]): Error => {
  const codes = [...new Set(refusals.map(({ code }) => code))].join(', ');
  const message = `${call} failed: ${refusals.length} keys under ${quote(prefix)} were not deleted (${codes}), such as ${quote(key)}`;
  return isPassing(refusals) ? new Unavailable(message) : new Error(message);
};

const quote = (key: string): string => JSON.stringify(key.slice(0, MAX_KEY_LENGTH));

/** Ends early if the signal aborts: the next call rejects with the reason. */
const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  setTimeout(ms, undefined, signal && { signal }).catch(() => undefined);
