import type { JobId, ObjectUuid, UserId } from './identifiers.ts';

declare const composed: unique symbol;

/** The full name of one stored object. Only this file makes one, from identifiers that were parsed. */
export type ObjectKey = string & { readonly [composed]: 'ObjectKey' };

/** What the keys of all objects of one job, and of no other job, start with. */
export type KeyPrefix = string & { readonly [composed]: 'KeyPrefix' };

/** Ends in a slash, so that the prefix of job 1 does not cover job 10. */
export const jobPrefix = (user: UserId, job: JobId): KeyPrefix => `${user}/${job}/` as KeyPrefix;

/** An uploaded file. No two (user, job, object) triples share a key, since no identifier can hold a slash. */
export const uploadedFileKey = (user: UserId, job: JobId, object: ObjectUuid): ObjectKey =>
  `${jobPrefix(user, job)}${object}` as ObjectKey;

/** The full result document of one object. */
export const fullResultKey = (user: UserId, job: JobId, object: ObjectUuid): ObjectKey =>
  `${jobPrefix(user, job)}results/${object}.json` as ObjectKey;

/** The minified result document of one object. */
export const minResultKey = (user: UserId, job: JobId, object: ObjectUuid): ObjectKey =>
  `${jobPrefix(user, job)}results/${object}.min.json` as ObjectKey;
