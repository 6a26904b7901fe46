import { HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import type { CallOptions, DeleteAllOptions, KeyPrefix, ObjectStore, Presigner, PresignOptions } from '@jobs-api/core';
import { create as contentDisposition } from 'content-disposition';
import { callAws } from '../call-aws.ts';
import { ObjectDeleter } from './object-deleter.ts';
import { createPresigner } from './presigner.ts';
import { sweepPrefix } from './sweep.ts';

export interface S3ObjectStoreOptions {
  readonly bucketName: string;
  /** Longest lifetime of a URL, in seconds: 1 to 604800. */
  readonly urlTtlSeconds: number;
  /** Signs the URLs, if users reach the bucket by another address than this service does. */
  readonly presigningClient?: S3Client;
}

/** Objects in one S3 bucket, versioned or not. */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #presigningClient: S3Client;
  readonly #bucketName: string;
  readonly #urlTtlSeconds: number;
  readonly #deleter: ObjectDeleter;

  constructor(client: S3Client, { bucketName, urlTtlSeconds, presigningClient = client }: S3ObjectStoreOptions) {
    this.#client = client;
    this.#presigningClient = presigningClient;
    this.#bucketName = bucketName;
    this.#urlTtlSeconds = urlTtlSeconds;
    this.#deleter = new ObjectDeleter(client, bucketName);
  }

  async presigner({ signal, downloadAs, expiresInSeconds = Infinity }: PresignOptions = {}): Promise<Presigner> {
    const options = {
      bucketName: this.#bucketName,
      ttlSeconds: Math.min(this.#urlTtlSeconds, expiresInSeconds),
      // The presigning client never sends a request, so only the other one can find out that its clock is wrong.
      clockOffsetMs: this.#presigningClient.config.systemClockOffset || this.#client.config.systemClockOffset,
      // RFC 6266 with the name as RFC 8187 writes it, and one in ASCII for clients that cannot read that.
      ...(downloadAs !== undefined && { contentDisposition: contentDisposition(downloadAs) }),
    };
    return callAws('presigning', signal, () => createPresigner(this.#presigningClient, options));
  }

  async deleteAll(prefix: KeyPrefix, { signal, onRemoved }: DeleteAllOptions = {}): Promise<void> {
    const [client, bucketName, deleter] = [this.#client, this.#bucketName, this.#deleter];
    await sweepPrefix({ client, bucketName, deleter, prefix, signal, onRemoved });
  }

  /** Rejects if the bucket cannot be used. */
  async check({ signal }: CallOptions = {}): Promise<void> {
    const command = new HeadBucketCommand({ Bucket: this.#bucketName });
    await callAws('HeadBucket', signal, (options) => this.#client.send(command, options));
  }
}
