import * as timers from 'node:timers/promises';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  NoSuchUpload,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';
import { jobPrefix, parseJobId, parseUserId, type DeleteAllOptions, type Removed } from '@jobs-api/core';
import { ObjectDeleter } from './object-deleter.ts';

/** The pauses of a test, in milliseconds. They take no time, unless `onPause` returns how long. */
const pauses: number[] = [];
let onPause: () => number;
jest.unstable_mockModule('node:timers/promises', () => ({
  setTimeout: (ms: number, ...rest: [unknown, { signal?: AbortSignal } | undefined]) => {
    pauses.push(ms);
    return timers.setTimeout(onPause(), ...rest);
  },
}));
const { sweepPrefix } = await import('./sweep.ts');

const prefix = jobPrefix(parseUserId('alice'), parseJobId(1));

beforeEach(() => {
  pauses.length = 0;
  onPause = () => 0;
});

/**
 * A bucket that rejects calls, changes between calls and sends false responses on request, which no server here can do.
 */
class TroubledBucket {
  readonly calls: string[] = [];
  /** The error codes of keys that are not deleted. */
  readonly refusals = new Map<string, string>();
  /** Keys that are reported as deleted and stay. */
  readonly stuck = new Set<string>();
  objects: string[] = [];
  uploads: string[] = [];
  /** The most objects of a page. */
  pageSize = Infinity;
  /** The call whose response is empty. */
  emptyResponse = '';
  /** Called before a response is made. */
  before: (name: string) => void = () => undefined;

  send = async (command: object): Promise<object> => {
    const name = command.constructor.name.replace('Command', '');
    this.calls.push(name);
    this.before(name);
    if (name === this.emptyResponse) return {};
    if (command instanceof ListMultipartUploadsCommand)
      return { IsTruncated: false, Uploads: this.uploads.map((Key) => ({ Key, UploadId: `upload of ${Key}` })) };
    if (command instanceof ListObjectVersionsCommand) {
      const { KeyMarker = '' } = command.input;
      const rest = this.objects.filter((key) => key > KeyMarker);
      const page = rest.slice(0, this.pageSize);
      const Versions = page.map((Key) => ({ Key, VersionId: 'null', Size: 10 }));
      return { IsTruncated: page.length < rest.length, NextKeyMarker: page.at(-1), Versions };
    }
    if (command instanceof AbortMultipartUploadCommand) {
      const { Key = '' } = command.input;
      this.refuse(Key);
      if (!this.uploads.includes(Key)) throw new NoSuchUpload({ message: 'gone', $metadata: {} });
      this.uploads = this.uploads.filter((key) => key !== Key || this.stuck.has(key));
      return {};
    }
    if (command instanceof DeleteObjectCommand) {
      const { Key = '' } = command.input;
      this.refuse(Key);
      this.objects = this.objects.filter((key) => key !== Key || this.stuck.has(key));
      return {};
    }
    if (command instanceof DeleteObjectsCommand) {
      const keys = command.input.Delete?.Objects?.map(({ Key = '' }) => Key) ?? [];
      this.objects = this.objects.filter((key) => !keys.includes(key) || this.refusals.has(key) || this.stuck.has(key));
      const refused = keys.filter((key) => this.refusals.has(key));
      return {
        Deleted: keys.filter((key) => !this.refusals.has(key)).map((Key) => ({ Key })),
        Errors: refused.map((Key) => ({ Key, Code: this.refusals.get(Key) })),
      };
    }
    throw new Error(`unexpected command: ${name}`);
  };

  private refuse(key: string): void {
    const name = this.refusals.get(key);
    if (name) throw new S3ServiceException({ name, $fault: 'client', $metadata: {} });
  }

  sweep = (options?: DeleteAllOptions) => sweep(this.send, options);
}

const sweep = (send: unknown, { signal, onRemoved }: DeleteAllOptions = {}): Promise<void> => {
  const client = { send } as unknown as S3Client;
  const deleter = new ObjectDeleter(client, 'jobs-files');
  return sweepPrefix({ client, bucketName: 'jobs-files', deleter, prefix, signal, onRemoved });
};

describe('sweepPrefix', () => {
  test('ends after a pass that found nothing, and lists uploads before objects', async () => {
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

  test('makes a second pass when the first found an upload only', async () => {
    const bucket = new TroubledBucket();
    bucket.uploads = ['alice/1/c'];
    await bucket.sweep();
    const pass = ['ListMultipartUploads', 'ListObjectVersions'];
    expect(bucket.calls).toEqual(['ListMultipartUploads', 'AbortMultipartUpload', 'ListObjectVersions', ...pass]);
  });

  test('lists uploads in pages of 50, and names the upload that it aborts', async () => {
    const commands: { input: object }[] = [];
    const send = async (command: { input: object }) => {
      commands.push(command);
      return commands.length === 1
        ? { IsTruncated: false, Uploads: [{ Key: 'alice/1/c', UploadId: '7' }] }
        : { IsTruncated: false };
    };
    await sweep(send);
    expect(commands.map(({ input }) => input).slice(0, 2)).toMatchObject([
      { Bucket: 'jobs-files', Prefix: 'alice/1/', MaxUploads: 50 },
      { Bucket: 'jobs-files', Key: 'alice/1/c', UploadId: '7' },
    ]);
  });

  test('counts what it removed, and not what was refused', async () => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a', 'alice/1/b', 'alice/1/c'];
    bucket.uploads = ['alice/1/d', 'alice/1/e'];
    for (const refused of ['alice/1/c', 'alice/1/e']) bucket.refusals.set(refused, 'AccessDenied');
    const removed: Removed[] = [];
    await expect(bucket.sweep({ onRemoved: (some) => removed.push(some) })).rejects.toThrow('2 keys');
    expect(removed).toEqual([
      { objects: 0, uploads: 1, bytes: 0 },
      { objects: 2, uploads: 0, bytes: 20 },
    ]);
  });

  test('counts nothing when everything was refused', async () => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a'];
    bucket.refusals.set('alice/1/a', 'AccessDenied');
    const onRemoved = jest.fn();
    await expect(bucket.sweep({ onRemoved })).rejects.toThrow('1 keys');
    expect(onRemoved).not.toHaveBeenCalled();
  });

  test('deletes the pages after one whose keys were all refused', async () => {
    const bucket = new TroubledBucket();
    const refused = ['alice/1/a', 'alice/1/b'];
    bucket.objects = [...refused, ...['c', 'd', 'e', 'f'].map((name) => `alice/1/${name}`)];
    bucket.pageSize = 2;
    for (const key of refused) bucket.refusals.set(key, 'AccessDenied');
    await expect(bucket.sweep()).rejects.toThrow('2 keys under "alice/1/" were not deleted (AccessDenied)');
    expect(bucket.objects).toEqual(refused);
  });

  test('deletes an upload that completes during a pass', async () => {
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

  test('deletes objects that are written during a pass', async () => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a'];
    let late = 8;
    bucket.before = (name) => {
      if (name === 'DeleteObjects' && late-- > 0) bucket.objects.push(`alice/1/late-${late}`);
    };
    await bucket.sweep();
    expect(bucket.objects).toEqual([]);
  });

  test('aborts 120 uploads and deletes 30 keys that no batch can contain', async () => {
    const bucket = new TroubledBucket();
    bucket.uploads = Array.from({ length: 120 }, (_, index) => `alice/1/upload-${index}`);
    bucket.objects = Array.from({ length: 30 }, (_, index) => `alice/1/\u0001-${index}`);
    await bucket.sweep();
    expect([...bucket.objects, ...bucket.uploads]).toEqual([]);
    expect(bucket.calls.filter((name) => name.startsWith('List'))).toHaveLength(6);
  });

  test.each(['SlowDown', 'InternalError', 'ServiceUnavailable'])(
    'throws Unavailable when a key is refused with %s, and names the key',
    async (code) => {
      const bucket = new TroubledBucket();
      bucket.objects = ['alice/1/a', 'alice/1/b'];
      bucket.refusals.set('alice/1/a', code);
      await expect(bucket.sweep()).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: `DeleteObjects failed: 1 keys under "alice/1/" were not deleted (${code}), such as "alice/1/a"`,
      });
      expect(bucket.calls.filter((name) => name === 'DeleteObjects')).toHaveLength(3);
      bucket.refusals.clear();
      await bucket.sweep();
      expect(bucket.objects).toEqual([]);
    },
  );

  test('retries when keys are refused with InternalError for a moment', async () => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a', 'alice/1/b'];
    bucket.refusals.set('alice/1/a', 'InternalError');
    let batches = 0;
    bucket.before = (name) => {
      if (name === 'DeleteObjects' && ++batches === 3) bucket.refusals.clear();
    };
    await bucket.sweep();
    expect(bucket.objects).toEqual([]);
  });

  test.each([
    [['AccessDenied'], 'AccessDenied'],
    [['SlowDown', 'AccessDenied'], 'SlowDown, AccessDenied'],
    [['NotImplemented'], 'NotImplemented'],
  ])('fails when keys are refused with %j, which a retry does not help', async (codes, named) => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a', 'alice/1/b', 'alice/1/c'];
    for (const [index, code] of codes.entries()) bucket.refusals.set(bucket.objects[index] ?? '', code);
    const failure: unknown = await bucket.sweep().catch((error: unknown) => error);
    expect(failure).not.toHaveProperty('code');
    expect(failure).toMatchObject({
      message: `DeleteObjects failed: ${codes.length} keys under "alice/1/" were not deleted (${named}), such as "alice/1/a"`,
    });
    expect(bucket.objects).toEqual(['alice/1/a', 'alice/1/b', 'alice/1/c'].slice(0, codes.length));
  });

  test.each([
    ['alice/1/upload', 'AbortMultipartUpload'],
    ['alice/1/\u0001', 'DeleteObject'],
  ])('fails when %j is refused on its own, and removes the rest all the same', async (refused, call) => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a', ...Array.from({ length: 9 }, (_, index) => `alice/1/\u0001${index || ''}`)];
    bucket.uploads = ['alice/1/upload', ...Array.from({ length: 9 }, (_, index) => `alice/1/${index}`)];
    bucket.refusals.set(refused, 'AccessDenied');
    await expect(bucket.sweep()).rejects.toThrow(
      `${call} failed: 1 keys under "alice/1/" were not deleted (AccessDenied)`,
    );
    expect([...bucket.objects, ...bucket.uploads]).toEqual([refused]);
  });

  test.each(['NoSuchUpload', 'NoSuchKey'])('regards an upload whose abort fails with %s as gone', async (code) => {
    const bucket = new TroubledBucket();
    bucket.uploads = ['alice/1/upload'];
    bucket.refusals.set('alice/1/upload', code);
    // Another delete of the same job has aborted it meanwhile.
    bucket.before = (name) => {
      if (name === 'AbortMultipartUpload') bucket.uploads = [];
    };
    await bucket.sweep();
  });

  test.each(['NoSuchKey', 'NoSuchVersion'])('regards a key with the error %s as gone', async (code) => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a', 'alice/1/\u0001'];
    for (const key of bucket.objects) bucket.refusals.set(key, code);
    // Another delete of the same job has removed them meanwhile.
    bucket.before = (name) => {
      if (name === 'DeleteObjects') bucket.objects = [];
    };
    await bucket.sweep();
  });

  test.each(['ListMultipartUploads', 'ListObjectVersions'])(
    'fails when the response to %s is not a list, instead of reading it as an empty one',
    async (name) => {
      const bucket = new TroubledBucket();
      bucket.emptyResponse = name;
      await expect(bucket.sweep()).rejects.toThrow(`${name} failed: the response is not a list`);
    },
  );

  test.each(['ListMultipartUploads', 'AbortMultipartUpload', 'ListObjectVersions', 'DeleteObject', 'DeleteObjects'])(
    'throws Unavailable when %s cannot be reached, and names the call',
    async (unreachable) => {
      const bucket = new TroubledBucket();
      bucket.objects = ['alice/1/a', 'alice/1/\u0001'];
      bucket.uploads = ['alice/1/c'];
      bucket.before = (name) => {
        if (name === unreachable) throw Object.assign(new Error('no response'), { name: 'TimeoutError' });
      };
      await expect(bucket.sweep()).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: `${unreachable} failed: TimeoutError`,
      });
    },
  );

  test('fails when the response to DeleteObjects names no key', async () => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a'];
    bucket.emptyResponse = 'DeleteObjects';
    await expect(bucket.sweep()).rejects.toThrow('DeleteObjects failed: the response names no key');
    expect(bucket.calls.filter((name) => name === 'DeleteObjects')).toHaveLength(1);
  });

  test('lists the next page while it deletes one, and ends only when no call is under way', async () => {
    const calls: string[] = [];
    let lists = 0;
    let endDeletion: () => void = () => undefined;
    const send = async (command: object): Promise<object> => {
      const name = command.constructor.name.replace('Command', '');
      calls.push(name);
      if (command instanceof ListMultipartUploadsCommand) return { IsTruncated: false };
      const key = `alice/1/${lists}`;
      if (command instanceof DeleteObjectsCommand) {
        if (lists > 1) await new Promise<void>((resolve) => (endDeletion = resolve));
        calls.push('deleted');
        return { Deleted: [{ Key: key }] };
      }
      if (++lists < 3) return { IsTruncated: true, NextKeyMarker: key, Versions: [{ Key: key, VersionId: 'null' }] };
      // The failure of this list may be reported only after the deletion.
      setImmediate(endDeletion);
      return {};
    };
    await expect(sweep(send)).rejects.toThrow('ListObjectVersions failed');
    const pass = ['ListMultipartUploads', 'ListObjectVersions', 'DeleteObjects'];
    expect(calls).toEqual([...pass, 'deleted', ...pass, 'ListObjectVersions', 'deleted']);
  });
});

test('sweepPrefix rejects if a page cannot be deleted while the list of the next one takes longer', async () => {
  let lists = 0;
  const send = async (command: object): Promise<object> => {
    if (command instanceof ListMultipartUploadsCommand) return { IsTruncated: false };
    if (command instanceof DeleteObjectsCommand) {
      if (lists > 1) throw new Error('no connection');
      return { Deleted: [{ Key: 'alice/1/1' }] };
    }
    if (++lists === 3) await timers.setTimeout(20);
    const key = `alice/1/${lists}`;
    return { IsTruncated: lists < 3, NextKeyMarker: key, Versions: [{ Key: key, VersionId: 'null' }] };
  };
  await expect(sweep(send)).rejects.toThrow('DeleteObjects failed');
  expect(lists).toBe(3);
});

test('sweepPrefix names the first 300 characters of a long key', async () => {
  const bucket = new TroubledBucket();
  const key = `alice/1/${'x'.repeat(500)}`;
  bucket.objects = [key];
  bucket.refusals.set(key, 'AccessDenied');
  await expect(bucket.sweep()).rejects.toThrow(new RegExp(`such as "${key.slice(0, 300)}"$`));
});

describe('sweepPrefix on a store that reports as deleted what it does not delete', () => {
  const stuck = {
    uploads: ['alice/1/upload'],
    objects: ['alice/1/a'],
    'keys that no batch can contain': ['alice/1/\u0001'],
  };

  test.each(Object.entries(stuck))(
    'pauses, then throws Unavailable, when %s stay listed, and names one of them',
    async (kind, keys) => {
      const bucket = new TroubledBucket();
      bucket[kind === 'uploads' ? 'uploads' : 'objects'] = keys;
      for (const key of keys) bucket.stuck.add(key);
      await expect(bucket.sweep()).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: `deleting "alice/1/" makes no progress: the store still lists ${JSON.stringify(keys[0])} after 6 passes in which it said that it deleted everything`,
      });
      expect(bucket.calls).toHaveLength(18);
      expect(pauses).toEqual([100, 200, 400, 800]);
    },
  );

  test('makes 32 calls before it fails when 1,500 objects, 60 uploads and 60 keys that no batch can contain stay', async () => {
    const bucket = new TroubledBucket();
    const many = (length: number, name: string) => Array.from({ length }, (_, index) => `alice/1/${name}${index}`);
    bucket.objects = [...many(1_500, 'a'), ...many(60, '\u0001')];
    bucket.uploads = many(60, 'upload');
    for (const key of [...bucket.objects, ...bucket.uploads]) bucket.stuck.add(key);
    await expect(bucket.sweep()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(bucket.calls).toHaveLength(32);
  });

  describe('deletes the pages after the first once, when their keys stay', () => {
    let bucket: TroubledBucket;
    const shortPass = 3;

    beforeEach(() => {
      bucket = new TroubledBucket();
      bucket.pageSize = 2;
      bucket.objects = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `alice/1/${name}`);
      for (const key of bucket.objects) bucket.stuck.add(key);
    });

    test('but those of the first page are deleted', async () => {
      for (const key of ['alice/1/a', 'alice/1/b']) bucket.stuck.delete(key);
      await expect(bucket.sweep()).rejects.toThrow('still lists "alice/1/c"');
      const twoPages = 5;
      expect(bucket.calls).toHaveLength(shortPass + twoPages + 5 * shortPass);
    });

    test('but one of the first page is refused', async () => {
      bucket.refusals.set('alice/1/a', 'SlowDown');
      await expect(bucket.sweep()).rejects.toThrow('1 keys under "alice/1/" were not deleted (SlowDown)');
      const threePages = 7;
      expect(bucket.calls).toHaveLength(shortPass + threePages + 4 * shortPass);
    });
  });

  test('deletes every reading of a key, once the most likely one has deleted nothing', async () => {
    let objects = ['alice/1/aA'];
    const batches: unknown[] = [];
    const send = async (command: object) => {
      if (command instanceof ListMultipartUploadsCommand) return { IsTruncated: false };
      if (command instanceof DeleteObjectsCommand) {
        const keys = command.input.Delete?.Objects?.map(({ Key = '' }) => Key) ?? [];
        batches.push(keys);
        objects = objects.filter((key) => !keys.includes(key));
        return { Deleted: keys.map((Key) => ({ Key })) };
      }
      return { IsTruncated: false, Versions: objects.map((key) => ({ Key: key.replace('A', '%41') })) };
    };
    await sweep(send);
    expect(batches).toEqual([['alice/1/a%41'], ['alice/1/a%41'], ['alice/1/a%41', 'alice/1/aA']]);
  });

  test('aborts an upload under the other reading of its key if there is none under the most likely one', async () => {
    let uploads = ['alice/1/aA'];
    const aborted: unknown[] = [];
    const send = async (command: object) => {
      if (command instanceof AbortMultipartUploadCommand) {
        const { Key = '' } = command.input;
        aborted.push(Key);
        if (!uploads.includes(Key)) throw new NoSuchUpload({ message: 'gone', $metadata: {} });
        uploads = [];
        return {};
      }
      const Uploads = uploads.map((key) => ({ Key: key.replace('A', '%41'), UploadId: 'id' }));
      return { IsTruncated: false, Uploads };
    };
    await sweep(send);
    expect(aborted).toEqual(['alice/1/a%41', 'alice/1/aA']);
  });

  test('removes everything else when one upload stays listed and its abort says NoSuchUpload', async () => {
    const bucket = new TroubledBucket();
    bucket.uploads = ['alice/1/phantom', 'alice/1/other'];
    bucket.objects = ['alice/1/a'];
    bucket.refusals.set('alice/1/phantom', 'NoSuchUpload');
    await expect(bucket.sweep()).rejects.toThrow('still lists "alice/1/phantom"');
    expect([...bucket.objects, ...bucket.uploads]).toEqual(['alice/1/phantom']);
  });

  test('stops counting an object as removed once a second pass has found it again', async () => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a'];
    bucket.stuck.add('alice/1/a');
    const removed: Removed[] = [];
    await expect(bucket.sweep({ onRemoved: (some) => removed.push(some) })).rejects.toThrow('still lists');
    expect(removed).toEqual(Array(2).fill({ objects: 1, uploads: 0, bytes: 10 }));
  });

  test('ends a pause when its signal aborts, with the reason', async () => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a'];
    bucket.stuck.add('alice/1/a');
    const [caller, reason] = [new AbortController(), new Error('enough')];
    onPause = () => {
      setImmediate(() => caller.abort(reason));
      return 3_600_000;
    };
    await expect(bucket.sweep({ signal: caller.signal })).rejects.toBe(reason);
    expect(pauses).toEqual([100]);
  });

  test('ends when the entries disappear during the pauses', async () => {
    const bucket = new TroubledBucket();
    bucket.objects = ['alice/1/a'];
    bucket.stuck.add('alice/1/a');
    let lists = 0;
    bucket.before = (name) => {
      if (name === 'ListObjectVersions' && ++lists === 4) bucket.objects = [];
    };
    await bucket.sweep();
    expect(lists).toBe(4);
  });

  test('fails when a list continues without entries', async () => {
    let calls = 0;
    const send = async () => ({ IsTruncated: true, NextKeyMarker: `alice/1/${++calls}` });
    await expect(sweep(send)).rejects.toThrow('ListMultipartUploads failed: the list continues, but has no entries');
    expect(calls).toBe(4);
  });

  test('throws Unavailable when a list without entries has no marker either', async () => {
    const send = async () => ({ IsTruncated: true });
    await expect(sweep(send)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message:
        'deleting "alice/1/" makes no progress: the store lists nothing and does not end the list after 6 passes in which it said that it deleted everything',
    });
  });

  test('fails with the error of a refused key when a list does not end', async () => {
    let calls = 0;
    const send = async (command: object) => {
      calls++;
      if (command instanceof ListMultipartUploadsCommand) return { IsTruncated: false };
      if (command instanceof DeleteObjectsCommand) return { Errors: [{ Key: 'alice/1/a', Code: 'AccessDenied' }] };
      return { IsTruncated: true, Versions: [{ Key: 'alice/1/a', VersionId: 'null' }] };
    };
    await expect(sweep(send)).rejects.toThrow('1 keys under "alice/1/" were not deleted (AccessDenied)');
    expect(calls).toBe(18);
  });

  test.each([
    ['the same page forever', (calls: number) => ({ NextKeyMarker: `alice/1/${calls}` })],
    ['no marker', () => ({})],
    ['a marker outside the prefix', () => ({ NextKeyMarker: 'bob/1/a' })],
  ])('throws Unavailable after 40 calls at most when a list continues with %s', async (_, next) => {
    let calls = 0;
    const send = async (command: object) => {
      calls++;
      if (command instanceof ListMultipartUploadsCommand) return { IsTruncated: false };
      if (command instanceof DeleteObjectsCommand) return { Deleted: [{ Key: 'alice/1/a' }] };
      return { IsTruncated: true, Versions: [{ Key: 'alice/1/a', VersionId: 'null' }], ...next(calls) };
    };
    await expect(sweep(send)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(calls).toBeLessThanOrEqual(40);
  });
});
