import { describe, expect, test } from '@jest/globals';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  NoSuchUpload,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { jobPrefix, parseJobId, parseUserId } from '@jobs-api/core';
import { sweepPrefix } from './sweep.ts';

const prefix = jobPrefix(parseUserId('alice'), parseJobId(1));

/**
 * A bucket that refuses and races on demand, which no server here can be made to do: each refusal is the code that it
 * gives for a key instead of deleting it.
 */
class TroubledBucket {
  readonly calls: string[] = [];
  readonly refusals = new Map<string, string>();
  objects: string[] = [];
  uploads: string[] = [];
  /** The command that is answered with nothing. */
  unanswered = '';
  /** Called before a command is answered. */
  before: (name: string) => void = () => undefined;

  send = async (command: object): Promise<object> => {
    const name = command.constructor.name.replace('Command', '');
    this.calls.push(name);
    this.before(name);
    if (name === this.unanswered) return {};
    if (command instanceof ListMultipartUploadsCommand)
      return { IsTruncated: false, Uploads: this.uploads.map((Key) => ({ Key, UploadId: `upload of ${Key}` })) };
    if (command instanceof ListObjectVersionsCommand)
      return { IsTruncated: false, Versions: this.objects.map((Key) => ({ Key, VersionId: 'null' })) };
    if (command instanceof AbortMultipartUploadCommand) {
      const { Key = '' } = command.input;
      this.refuse(Key);
      if (!this.uploads.includes(Key)) throw new NoSuchUpload({ message: 'gone', $metadata: {} });
      this.uploads = this.uploads.filter((key) => key !== Key);
      return {};
    }
    if (command instanceof DeleteObjectCommand) {
      const { Key = '' } = command.input;
      this.refuse(Key);
      this.objects = this.objects.filter((key) => key !== Key);
      return {};
    }
    if (command instanceof DeleteObjectsCommand) {
      const keys = command.input.Delete?.Objects?.map(({ Key = '' }) => Key) ?? [];
      this.objects = this.objects.filter((key) => !keys.includes(key) || this.refusals.has(key));
      const refused = keys.filter((key) => this.refusals.has(key));
      return {
        Deleted: keys.filter((key) => !this.refusals.has(key)).map((Key) => ({ Key })),
        Errors: refused.map((Key) => ({ Key, Code: this.refusals.get(Key) })),
      };
    }
    throw new Error(`an unexpected command: ${name}`);
  };

  private refuse(key: string): void {
    const name = this.refusals.get(key);
    if (name) throw new S3ServiceException({ name, $fault: 'client', $metadata: {} });
  }

  sweep = () =>
    sweepPrefix({ client: this as unknown as S3Client, bucketName: 'jobs-files', prefix, signal: undefined });
}

describe('sweepPrefix', () => {
  test('is done after a pass that found nothing, and looks for uploads before it looks for objects', async () => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a', 'alice/1/b'];
    bucket.uploads = ['alice/1/c'];
    await bucket.sweep();
    expect(bucket.calls).toEqual([
      'ListMultipartUploads',
      'AbortMultipartUpload',
      'ListObjectVersions',
      'DeleteObjects',
      'ListMultipartUploads',
      'ListObjectVersions',
    ]);
  });

  test('looks once more where there was nothing but an upload', async () => {
    const bucket = new TroubledBucket();
    bucket.uploads = ['alice/1/c'];
    await bucket.sweep();
    const pass = ['ListMultipartUploads', 'ListObjectVersions'];
    expect(bucket.calls).toEqual(['ListMultipartUploads', 'AbortMultipartUpload', 'ListObjectVersions', ...pass]);
  });

  test('finds an upload that completes while it is at work', async () => {
    const bucket = new TroubledBucket();
    bucket.uploads = ['alice/1/c'];
    bucket.before = (name) => {
      if (name !== 'AbortMultipartUpload') return;
      bucket.objects.push(...bucket.uploads);
      bucket.uploads = [];
    };
    await bucket.sweep();
    expect(bucket.objects).toEqual([]);
  });

  test('finds what is written behind its back, until nothing is', async () => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a'];
    let late = 3;
    bucket.before = (name) => {
      if (name === 'DeleteObjects' && late-- > 0) bucket.objects.push(`alice/1/late-${late}`);
    };
    await bucket.sweep();
    expect(bucket.objects).toEqual([]);
  });

  test.each(['SlowDown', 'InternalError', 'ServiceUnavailable'])(
    'is unavailable where a key is refused with %s, which may pass',
    async (code) => {
      const bucket = new TroubledBucket();
      bucket.objects = ['alice/1/a', 'alice/1/b'];
      bucket.refusals.set('alice/1/a', code);
      await expect(bucket.sweep()).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: `keys that were not deleted: 1 (${code})`,
      });
      bucket.refusals.clear();
      await bucket.sweep();
      expect(bucket.objects).toEqual([]);
    },
  );

  test.each([
    [['AccessDenied'], 'AccessDenied'],
    [['SlowDown', 'AccessDenied'], 'SlowDown, AccessDenied'],
  ])('fails where keys are refused with %j, which trying again does not help', async (codes, named) => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a', 'alice/1/b', 'alice/1/c'];
    for (const [index, code] of codes.entries()) bucket.refusals.set(bucket.objects[index] ?? '', code);
    const failure: unknown = await bucket.sweep().catch((error: unknown) => error);
    expect(failure).not.toHaveProperty('code');
    expect(failure).toMatchObject({ message: `keys that were not deleted: ${codes.length} (${named})` });
    expect(bucket.objects).toEqual(['alice/1/a', 'alice/1/b', 'alice/1/c'].slice(0, codes.length));
  });

  test.each(['alice/1/upload', 'alice/1/\u0001'])(
    'fails where %j is refused on its own, and removes the rest all the same',
    async (refused) => {
      const bucket = new TroubledBucket();
      bucket.objects = ['alice/1/a', 'alice/1/\u0001', 'alice/1/\u0002'];
      bucket.uploads = ['alice/1/upload', 'alice/1/other'];
      bucket.refusals.set(refused, 'AccessDenied');
      await expect(bucket.sweep()).rejects.toThrow('keys that were not deleted: 1 (AccessDenied)');
      expect([...bucket.objects, ...bucket.uploads]).toEqual([refused]);
    },
  );

  test.each(['ListMultipartUploads', 'ListObjectVersions'])(
    'does not take an answer to %s that is not a list for an empty one',
    async (name) => {
      const bucket = new TroubledBucket();
      bucket.unanswered = name;
      await expect(bucket.sweep()).rejects.toThrow(`${name} failed: the answer is not a list`);
    },
  );

  test.each(['ListMultipartUploads', 'AbortMultipartUpload', 'ListObjectVersions', 'DeleteObject', 'DeleteObjects'])(
    'is unavailable where %s cannot be reached, and says which call that was',
    async (unreachable) => {
      const bucket = new TroubledBucket();
      bucket.objects = ['alice/1/a', 'alice/1/\u0001'];
      bucket.uploads = ['alice/1/c'];
      bucket.before = (name) => {
        if (name === unreachable) throw Object.assign(new Error('no answer'), { name: 'TimeoutError' });
      };
      await expect(bucket.sweep()).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: `${unreachable} failed: TimeoutError`,
      });
    },
  );

  test('goes on where a page ended, by keys as they are', async () => {
    const pages: object[] = [];
    const markers = { NextKeyMarker: 'alice/1/a+%2B', NextUploadIdMarker: 'upload', NextVersionIdMarker: 'version' };
    const send = async ({ input }: { input: object }): Promise<object> => {
      pages.push(input);
      return pages.length % 2 === 0 ? { IsTruncated: false } : { IsTruncated: true, EncodingType: 'url', ...markers };
    };
    const client = { send } as unknown as S3Client;
    await sweepPrefix({ client, bucketName: 'jobs-files', prefix, signal: undefined });
    expect(pages).toEqual([
      { Bucket: 'jobs-files', Prefix: 'alice/1/', MaxUploads: 50, EncodingType: 'url' },
      expect.objectContaining({ KeyMarker: 'alice/1/a +', UploadIdMarker: 'upload' }),
      { Bucket: 'jobs-files', Prefix: 'alice/1/', EncodingType: 'url' },
      expect.objectContaining({ KeyMarker: 'alice/1/a +', VersionIdMarker: 'version' }),
    ]);
  });

  test('takes keys as they are where they come so', async () => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a+b', 'alice/1/%', 'alice/1/%41'];
    await bucket.sweep();
    expect(bucket.objects).toEqual([]);
  });

  test('does not take an answer to DeleteObjects that names no key for a deletion', async () => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a'];
    bucket.unanswered = 'DeleteObjects';
    await expect(bucket.sweep()).rejects.toThrow('DeleteObjects failed: the answer names no key');
    expect(bucket.calls.filter((name) => name === 'DeleteObjects')).toHaveLength(1);
  });

  test('lists the next page while it deletes one, and ends only when nothing is under way', async () => {
    const calls: string[] = [];
    let lists = 0;
    let endDeletion: () => void = () => undefined;
    const send = async (command: object): Promise<object> => {
      const name = command.constructor.name.replace('Command', '');
      calls.push(name);
      if (command instanceof ListMultipartUploadsCommand) return { IsTruncated: false };
      if (command instanceof DeleteObjectsCommand) {
        await new Promise<void>((resolve) => (endDeletion = resolve));
        calls.push('deleted');
        return { Deleted: [{ Key: 'alice/1/a' }] };
      }
      if (++lists === 1) return { IsTruncated: true, Versions: [{ Key: 'alice/1/a', VersionId: 'null' }] };
      // Only now, and only then may the failure of this list be told.
      setImmediate(endDeletion);
      return {};
    };
    const client = { send } as unknown as S3Client;
    const sweep = sweepPrefix({ client, bucketName: 'jobs-files', prefix, signal: undefined });
    await expect(sweep).rejects.toThrow('ListObjectVersions failed');
    expect(calls).toEqual([
      'ListMultipartUploads',
      'ListObjectVersions',
      'DeleteObjects',
      'ListObjectVersions',
      'deleted',
    ]);
  });
});
