import { HeadBucketCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import type { CallOptions, KeyPrefix, ObjectKey, ObjectStore } from '@jobs-api/core';
import { callAws } from '../call-aws.ts';
import { presignAll } from './presigner.ts';
import { sweepPrefix } from './sweep.ts';

export interface S3ObjectStoreOptions {
  readonly bucketName: string;
  /** How long a presigned URL works, in seconds: 1 to 604800. */
  readonly urlTtlSeconds: number;
  /** Signs the URLs, where users reach the bucket by another address than this service does. */
  readonly presigningClient?: S3Client;
}

/** Objects in one S3 bucket, versioned or not. */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #presigningClient: S3Client;
  readonly #bucketName: string;
  readonly #urlTtlSeconds: number;

  constructor(client: S3Client, { bucketName, urlTtlSeconds, presigningClient = client }: S3ObjectStoreOptions) {
    this.#client = client;
    this.#presigningClient = presigningClient;
    this.#bucketName = bucketName;
    this.#urlTtlSeconds = urlTtlSeconds;
  }

  async presign(keys: readonly ObjectKey[], { signal }: CallOptions = {}): Promise<readonly string[]> {
    const options = { bucketName: this.#bucketName, ttlSeconds: this.#urlTtlSeconds, signal };
    const { urls } = await callAws('presigning', signal, () => presignAll(this.#presigningClient, keys, options));
    return urls;
  }

  async deleteAll(prefix: KeyPrefix, { signal }: CallOptions = {}): Promise<void> {
    await sweepPrefix({ client: this.#client, bucketName: this.#bucketName, prefix, signal });
  }

  /** Rejects where the bucket cannot be used. */
  async check({ signal }: CallOptions = {}): Promise<void> {
    const command = new HeadBucketCommand({ Bucket: this.#bucketName });
    await callAws('HeadBucket', signal, (options) => this.#client.send(command, options));
  }
}
