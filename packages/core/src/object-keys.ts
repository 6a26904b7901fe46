import type { JobId, ObjectUuid, UserId } from './identifiers.ts';

declare const composed: unique symbol;

/** The key of one stored object. Only this file makes one, from parsed identifiers. */
export type ObjectKey = string & { readonly [composed]: 'ObjectKey' };

/** The prefix of the keys of all objects of one job, and of no other job. */
export type KeyPrefix = string & { readonly [composed]: 'KeyPrefix' };

/** Returns the prefix of a job. It ends in a slash, so that the prefix of job 1 does not cover job 10. */
export const jobPrefix = (userId: UserId, jobId: JobId): KeyPrefix => `${userId}/${jobId}/` as KeyPrefix;

/** Returns the key of an uploaded file. No two (user, job, object) triples share a key: no identifier contains a slash. */
export const uploadedFileKey = (userId: UserId, jobId: JobId, objectUuid: ObjectUuid): ObjectKey =>
  `${jobPrefix(userId, jobId)}${objectUuid}` as ObjectKey;

/** Returns the key of the full result document of one object. */
export const fullResultKey = (userId: UserId, jobId: JobId, objectUuid: ObjectUuid): ObjectKey =>
  `${jobPrefix(userId, jobId)}results/${objectUuid}.json` as ObjectKey;

/** Returns the key of the minified result document of one object. */
export const minResultKey = (userId: UserId, jobId: JobId, objectUuid: ObjectUuid): ObjectKey =>
  `${jobPrefix(userId, jobId)}results/${objectUuid}.min.json` as ObjectKey;
