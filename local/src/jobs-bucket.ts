import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  type LifecycleRule,
  type ListMultipartUploadsCommandOutput,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Download, ObjectStoreHarness } from '@jobs-api/core/testing/contracts';

/** The bucket of files and results, as the programs that write to it use it. */
export class JobsBucket {
  readonly client: S3Client;
  readonly bucketName: string;

  constructor(client: S3Client, bucketName: string) {
    this.client = client;
    this.bucketName = bucketName;
  }

  async create({ versioned = false } = {}): Promise<void> {
    try {
      await this.client.send(new CreateBucketCommand({ Bucket: this.bucketName }));
    } catch (error) {
      if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
    }
    if (!versioned) return;
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await this.client.send(new PutBucketVersioningCommand({ Bucket: this.bucketName, VersioningConfiguration }));
  }

  async setLifecycle(...Rules: LifecycleRule[]): Promise<void> {
    const configuration = { Bucket: this.bucketName, LifecycleConfiguration: { Rules } };
    await this.client.send(new PutBucketLifecycleConfigurationCommand(configuration));
  }

  async put(key: string, body: string | Buffer, type = 'application/octet-stream'): Promise<void> {
    // As bytes: the SDK takes an empty string for a stream.
    const Body = typeof body === 'string' ? Buffer.from(body) : body;
    await this.client.send(new PutObjectCommand({ Bucket: this.bucketName, Key: key, Body, ContentType: type }));
  }

  /** Deletes without naming a version, which leaves a marker in a versioned bucket. */
  async hide(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand({ Bucket: this.bucketName, Key: key }));
  }

  /** Begins a multipart upload and sends a part, but does not complete it. */
  async startUpload(key: string): Promise<void> {
    const object = { Bucket: this.bucketName, Key: key };
    const { UploadId } = await this.client.send(new CreateMultipartUploadCommand(object));
    await this.client.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: 'part' }));
  }

  /** Returns whether nothing is stored under a prefix, without listing everything. */
  async isEmpty(prefix: string): Promise<boolean> {
    const query = { Bucket: this.bucketName, Prefix: prefix };
    const { Versions = [], DeleteMarkers = [] } = await this.client.send(
      new ListObjectVersionsCommand({ ...query, MaxKeys: 1 }),
    );
    const { Uploads = [] } = await this.client.send(new ListMultipartUploadsCommand({ ...query, MaxUploads: 1 }));
    return Versions.length + DeleteMarkers.length + Uploads.length === 0;
  }

  /** Returns everything under a prefix, a line each: versions, delete markers and unfinished uploads. */
  async contents(prefix: string): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const { Versions = [], DeleteMarkers = [] } of this.#pagesOfObjects(prefix)) {
      found.push(...Versions.map(({ Key }) => `version ${Key}`));
      found.push(...DeleteMarkers.map(({ Key }) => `marker ${Key}`));
    }
    let uploads: ListMultipartUploadsCommandOutput | undefined;
    do {
      const from = { KeyMarker: uploads?.NextKeyMarker, UploadIdMarker: uploads?.NextUploadIdMarker };
      const command = new ListMultipartUploadsCommand({ Bucket: this.bucketName, Prefix: prefix, ...from });
      uploads = await this.client.send(command);
      found.push(...(uploads.Uploads ?? []).map(({ Key }) => `upload ${Key}`));
    } while (uploads.IsTruncated);
    return found;
  }

  /** Returns the size of all versions of the objects under a prefix, in bytes. */
  async size(prefix: string): Promise<number> {
    let bytes = 0;
    for await (const { Versions = [] } of this.#pagesOfObjects(prefix))
      bytes += Versions.reduce((sum, { Size = 0 }) => sum + Size, 0);
    return bytes;
  }

  async *#pagesOfObjects(prefix: string): AsyncIterable<ListObjectVersionsCommandOutput> {
    let page: ListObjectVersionsCommandOutput | undefined;
    do {
      const from = { KeyMarker: page?.NextKeyMarker, VersionIdMarker: page && nextVersionId(page) };
      const command = new ListObjectVersionsCommand({ Bucket: this.bucketName, Prefix: prefix, ...from });
      page = await this.client.send(command);
      yield page;
    } while (page.IsTruncated);
  }
}

/** OpenStack Swift sends `null` instead of the version of the last entry, and would then list nothing more. */
const nextVersionId = (page: ListObjectVersionsCommandOutput): string | undefined => {
  const { NextKeyMarker, NextVersionIdMarker, Versions = [], DeleteMarkers = [] } = page;
  if (NextVersionIdMarker !== 'null') return NextVersionIdMarker;
  return [...Versions, ...DeleteMarkers].findLast(({ Key }) => Key === NextKeyMarker)?.VersionId;
};

/** Follows a URL as a browser does. Returns the content, or `undefined` if there is none or access is refused. */
export const download = async (url: string): Promise<Download | undefined> => {
  const response = await fetch(url);
  const body = await response.text();
  return response.ok ? { body, contentDisposition: response.headers.get('content-disposition') } : undefined;
};

/** Returns what the contract suite of the ObjectStore needs of a bucket. */
export const bucketHarness = (bucket: JobsBucket) =>
  ({
    put: (key, body) => bucket.put(key, body),
    startUpload: (key) => bucket.startUpload(key),
    hide: (key) => bucket.hide(key),
    contents: (prefix) => bucket.contents(prefix),
    size: (prefix) => bucket.size(prefix),
    get: download,
  }) satisfies Partial<ObjectStoreHarness>;
