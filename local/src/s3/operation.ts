import { randomBytes } from 'node:crypto';
import type { RequestBody } from './request-body.ts';
import { S3Error } from './s3-error.ts';
import type { Storage } from './storage.ts';

/** Behaviour of other servers and settings in a delete, which a test can switch on. */
export interface Faults {
  /** Lists contain everything whatever the prefix (https://github.com/getmoto/moto/issues/3113). */
  ignorePrefix: boolean;
  /** Keys that are not deleted, as if a policy denied it. */
  readonly protectedKeys: Set<string>;
}

/** A request whose signature is verified. */
export interface OperationRequest {
  readonly storage: Storage;
  readonly faults: Faults;
  readonly region: string;
  /** To the second, as S3 keeps it. */
  readonly now: string;
  readonly bucket: string;
  readonly key: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** Headers by lower-case name, also those that the signer of a presigned request moved into the query. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: RequestBody;
}

export interface OperationResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is XML. */
  readonly body?: string | AsyncIterable<Buffer>;
}

export interface Operation {
  readonly method: string;
  readonly on: 'bucket' | 'object';
  /** The query parameters without which it is another operation. */
  readonly requires?: readonly string[];
  readonly accepts?: readonly string[];
  readonly run: (request: OperationRequest) => OperationResponse | Promise<OperationResponse>;
}

export type Operations = Readonly<Record<string, Operation>>;

/** Opaque, and of the length and alphabet that S3's own version and upload ids have. */
export const newId = () => randomBytes(24).toString('base64url');

/** The page size that the caller asks for, 1,000 at most. */
export const pageSize = (parameters: ReadonlyMap<string, string>, name: string): number => {
  const value = parameters.get(name) ?? '1000';
  if (!/^\d{1,10}$/.test(value) || Number(value) > 2147483647) {
    throw new S3Error('InvalidArgument', `Argument ${name} must be an integer between 0 and 2147483647`);
  }
  return Math.min(Number(value), 1000);
};

export const checkKey = (key: string): void => {
  if (Buffer.byteLength(key) <= 1024) return;
  const details = { Size: Buffer.byteLength(key), MaxSizeAllowed: 1024 };
  throw new S3Error('KeyTooLongError', undefined, { details });
};
