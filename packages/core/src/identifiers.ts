import { InvalidParameter, Unauthorized, type Parameter } from './errors.ts';

declare const parsed: unique symbol;
type Parsed<Value, Name extends string> = Value & { readonly [parsed]: Name };

/** Id of the user who owns a job. Safe as the first segment of an object key: see {@link parseUserId}. */
export type UserId = Parsed<string, 'UserId'>;

/** Id of a job, unique for its user: 1 to 9007199254740991. */
export type JobId = Parsed<number, 'JobId'>;

/** Id of one uploaded file of a job, such as `uuid.png`: 1 to 255 of `A-Z a-z 0-9 . _ -`. */
export type ObjectUuid = Parsed<string, 'ObjectUuid'>;

const MAX_USER_ID_LENGTH = 128;
const USER_ID = /^(?!\.{1,2}$)[^/\\\p{Control}\p{Surrogate}]+$/u;
const JOB_ID = /^[1-9][0-9]*$/;
const OBJECT_UUID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;

const JOB_ID_RULE = `must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`;
const OBJECT_UUID_RULE = 'must be 1 to 255 of A-Z a-z 0-9 . _ -, starting with a letter or digit';

/**
 * Parses a user id. A user id becomes part of object keys, so ids with which two users could share a key are rejected: an
 * id that is empty, longer than 128 UTF-16 units, `.` or `..`, or that contains `/`, `\`, a control character or a lone
 * surrogate.
 *
 * @throws Unauthorized if `value` is not a valid user id
 */
export const parseUserId = (value: unknown): UserId => {
  if (typeof value === 'string' && value.length <= MAX_USER_ID_LENGTH && USER_ID.test(value)) return value as UserId;
  throw new Unauthorized('the user id is missing, too long or not fit for a key');
};

/**
 * Parses a job id.
 *
 * @param value decimal digits without sign, leading zero or exponent, or a number
 * @throws InvalidParameter if it is missing, empty, or not a whole number from 1 to 9007199254740991
 */
export const parseJobId = (value: unknown): JobId => {
  rejectMissing('jobId', value);
  const id = typeof value === 'string' && JOB_ID.test(value) ? Number(value) : value;
  if (!Number.isSafeInteger(id) || (id as number) < 1) throw new InvalidParameter('jobId', JOB_ID_RULE);
  return id as JobId;
};

/** Returns whether a name of a record may become part of a key. */
export const isObjectUuid = (value: unknown): value is ObjectUuid =>
  typeof value === 'string' && OBJECT_UUID.test(value);

/** @throws InvalidParameter if `value` is missing, empty or not an {@link ObjectUuid} */
export const parseObjectUuid = (value: unknown): ObjectUuid => {
  rejectMissing('objectUuid', value);
  if (!isObjectUuid(value)) throw new InvalidParameter('objectUuid', OBJECT_UUID_RULE);
  return value;
};

const rejectMissing = (parameter: Parameter, value: unknown): void => {
  if (value === undefined || value === '') throw new InvalidParameter(parameter, 'is missing');
};
