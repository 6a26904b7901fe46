import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { S3Client } from '@aws-sdk/client-s3';
import { isFitForBatch, ObjectDeleter, type StoredObject } from './object-deleter.ts';

interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

const timeout = () => Object.assign(new Error('no response'), { name: 'TimeoutError' });
const rejection = (status: number, code: string, message = '') => ({
  status,
  body: `<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});
const result = (entries: string) => ({ status: 200, body: `<DeleteResult>${entries}</DeleteResult>` });

let requests: Request[];
/** Makes the response to a request, which reaches no network. */
let respond: (request: Request) => { status: number; body: string };
let client: S3Client;
let deleter: ObjectDeleter;

beforeEach(() => {
  requests = [];
  respond = () => result('<Deleted><Key>a</Key></Deleted>');
  const handle = async (request: unknown) => {
    requests.push(request as Request);
    const { status, body } = respond(request as Request);
    return { response: { statusCode: status, headers: {}, body: Readable.from([Buffer.from(body)]) } as never };
  };
  client = new S3Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local-secret' },
    forcePathStyle: true,
    maxAttempts: 2,
    requestHandler: { handle },
  });
  deleter = new ObjectDeleter(client, 'jobs-files');
});

afterEach(() => {
  jest.restoreAllMocks();
});

const objectOf = (key: string, versionId = 'null'): StoredObject => ({ key, versionId, size: 1 });
const many = (length: number) => Array.from({ length }, (_, index) => objectOf(`${index}`));
const deleteAll = async (objects: readonly StoredObject[]) => {
  const deleted: StoredObject[][] = [];
  const onDeleted = (some: readonly StoredObject[]) => void deleted.push([...some]);
  return { refusals: await deleter.delete(objects, { signal: undefined, onDeleted }), deleted };
};

describe('the batches of ObjectDeleter', () => {
  let time: number;
  /** How long the next batches take, in milliseconds, or that they time out. The last one is that of all later ones. */
  let durations: (number | 'timeout')[];

  beforeEach(() => {
    time = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => time);
    respond = () => {
      const duration = durations.length > 1 ? durations.shift() : durations[0];
      if (typeof duration !== 'number') throw timeout();
      time += duration;
      return result('<Deleted><Key>a</Key></Deleted>');
    };
  });

  const sizesFor = async (count: number, ...taking: (number | 'timeout')[]) => {
    requests = [];
    durations = taking;
    await deleter.delete(many(count), { signal: undefined });
    return requests.map(({ body = '' }) => body.split('<Key>').length - 1);
  };

  test('are halved after one that takes longer than 2 s, down to 10 keys', async () => {
    expect(await sizesFor(2_000, 2_001)).toEqual([1_000, 500, 250, 125, 62, 31, 15, 10, 7]);
    expect(await sizesFor(25, 2_001)).toEqual([10, 10, 5]);
  });

  test('stay as they are after one that takes 2 s', async () => {
    expect(await sizesFor(2_000, 2_000)).toEqual([1_000, 1_000]);
  });

  test('are doubled after a full one that takes less than 0.5 s, up to 1,000 keys', async () => {
    expect(await sizesFor(1_400, 2_001, 2_001, 500)).toEqual([1_000, 400]);
    expect(await sizesFor(600, 500)).toEqual([200, 200, 200]);
    expect(await sizesFor(150, 499)).toEqual([150]);
    expect(await sizesFor(3_600, 499)).toEqual([200, 400, 800, 1_000, 1_000, 200]);
  });

  test('are a quarter after one that timed out, and do not grow for ten minutes', async () => {
    expect(await sizesFor(500, 'timeout', 0)).toEqual([500, 125, 125, 125, 125]);
    time += 600_000;
    expect(await sizesFor(250, 0)).toEqual([125, 125]);
    time += 1;
    expect(await sizesFor(1_000, 0)).toEqual([125, 250, 500, 125]);
  });

  test('are not smaller than 10 keys after one that timed out', async () => {
    expect(await sizesFor(20, 'timeout', 0)).toEqual([20, 10, 10]);
  });

  test('may time out more than three times, but not three times in a row', async () => {
    const sizes = await sizesFor(250, 'timeout', 'timeout', 0, 'timeout', 'timeout', 0);
    expect(sizes.slice(0, 6)).toEqual([250, 62, 15, 15, 10, 10]);
    await expect(sizesFor(250, 0, 'timeout')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'DeleteObjects failed: no response in time to 10 keys',
      cause: { message: 'DeleteObjects failed: BatchTimedOut', cause: { message: 'no response' } },
    });
    expect(requests).toHaveLength(4);
  });
});

describe('ObjectDeleter', () => {
  const versions = [objectOf('a', '1'), objectOf('a', '2'), objectOf('b')];

  test('names each version', async () => {
    expect(await deleteAll(versions)).toEqual({ refusals: [], deleted: [versions] });
    const [{ method, path, body = '' }] = requests as [Request];
    expect([method, path]).toEqual(['POST', '/jobs-files/']);
    const named = [...body.matchAll(/<Key>(.*?)<\/Key><VersionId>(.*?)<\/VersionId>/g)];
    expect(named.map(([, key, id]) => [key, id])).toEqual(versions.map(({ key, versionId }) => [key, versionId]));
  });

  test('returns the keys that were refused, with the reasons, and reports the other ones as deleted', async () => {
    respond = () =>
      result(
        '<Deleted><Key>b</Key></Deleted><Error><Key>a</Key><VersionId>2</VersionId><Code>AccessDenied</Code></Error>',
      );
    expect(await deleteAll(versions)).toEqual({
      refusals: [{ call: 'DeleteObjects', key: 'a', code: 'AccessDenied' }],
      deleted: [[objectOf('a', '1'), objectOf('b')]],
    });
  });

  test('takes an error without a version id for one of the only version', async () => {
    respond = () => result('<Error><Key>b</Key><Code>AccessDenied</Code></Error>');
    expect(await deleteAll(versions)).toEqual({
      refusals: [{ call: 'DeleteObjects', key: 'b', code: 'AccessDenied' }],
      deleted: [[objectOf('a', '1'), objectOf('a', '2')]],
    });
  });

  test('does not ignore an error without a key and a code', async () => {
    respond = () => result('<Error><Message>oops</Message></Error>');
    const { refusals } = await deleteAll(versions);
    expect(refusals).toEqual([{ call: 'DeleteObjects', key: '', code: 'unknown' }]);
  });

  test.each(['NoSuchKey', 'NoSuchVersion'])('neither returns nor reports a key with the error %s', async (code) => {
    respond = () => result(`<Error><Key>b</Key><Code>${code}</Code></Error>`);
    expect(await deleteAll(versions)).toEqual({ refusals: [], deleted: [versions.slice(0, 2)] });
  });

  test('deletes a key that no batch can contain on its own', async () => {
    const objects = [objectOf('a'), objectOf('\u0001', '7')];
    expect(await deleteAll(objects)).toEqual({ refusals: [], deleted: [[objects[1]], [objects[0]]] });
    expect(requests[0]).toMatchObject({ method: 'DELETE', path: '/jobs-files/%01', query: { versionId: '7' } });
    expect(requests[1]?.body).not.toContain('<VersionId>7');
    expect(requests).toHaveLength(2);
  });

  test('returns a key that no batch can contain if it was refused', async () => {
    respond = () => rejection(403, 'AccessDenied');
    expect(await deleteAll([objectOf('\u0001')])).toEqual({
      refusals: [{ call: 'DeleteObject', key: '\u0001', code: 'AccessDenied' }],
      deleted: [],
    });
  });

  test('neither returns nor reports a key that no batch can contain if it is gone', async () => {
    respond = () => rejection(404, 'NoSuchKey');
    expect(await deleteAll([objectOf('\u0001')])).toEqual({ refusals: [], deleted: [] });
  });

  test('need not report what it deleted', async () => {
    expect(await deleter.delete([objectOf('a'), objectOf('\u0001')], { signal: undefined })).toEqual([]);
  });

  test('is unavailable if the delete of a key that no batch can contain times out', async () => {
    respond = () => {
      throw timeout();
    };
    await expect(deleteAll([objectOf('\u0001')])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'DeleteObject failed: TimeoutError',
    });
  });

  test('fails if the response to a batch names no key', async () => {
    respond = () => result('');
    await expect(deleteAll(versions)).rejects.toThrow('DeleteObjects failed: the response names no key');
  });

  test('fails if a batch fails, and not because of the time that it takes', async () => {
    respond = () => {
      throw new Error('the response is cut off');
    };
    await expect(deleteAll(versions)).rejects.toThrow('DeleteObjects failed: Error');
    expect(requests).toHaveLength(1);
  });

  test('sends nothing if there is nothing to delete', async () => {
    expect(await deleteAll([])).toEqual({ refusals: [], deleted: [] });
    expect(requests).toEqual([]);
  });

  test('fails if a batch was refused as a whole', async () => {
    respond = () => rejection(403, 'AccessDenied');
    await expect(deleteAll(versions)).rejects.toThrow('DeleteObjects failed: AccessDenied');
    expect(requests).toHaveLength(1);
  });

  test.each([
    ['a batch', versions],
    ['the delete of a key that no batch can contain', [objectOf('\u0001')]],
  ])('rejects with the reason of a signal that aborts during %s', async (_, objects) => {
    const [caller, reason] = [new AbortController(), new Error('enough')];
    respond = () => {
      caller.abort(reason);
      throw timeout();
    };
    await expect(deleter.delete(objects, { signal: caller.signal })).rejects.toBe(reason);
  });

  test.each([
    ['MissingContentMD5', ''],
    ['InvalidRequest', 'Missing required header for this request: Content-MD5'],
  ])(
    'sends a batch again with Content-MD5 after an error with the code %s and the message %j, but once only',
    async (code, message) => {
      respond = () => rejection(400, code, message);
      await expect(deleteAll(versions)).rejects.toThrow(`DeleteObjects failed: ${code}`);
      const areWithMd5 = () => requests.map(({ headers }) => 'content-md5' in headers);
      expect(areWithMd5()).toEqual([false, true]);
      await expect(deleteAll(versions)).rejects.toThrow(`DeleteObjects failed: ${code}`);
      expect(areWithMd5()).toEqual([false, true, true]);
    },
  );
});

describe('a batch', () => {
  test.each(['', 'a b', 'ü/名', '\t\n\r', '\ud7ff', '\ue000', '\ufffd', '\u{10000}', '\u{10ffff}', '<&>'])(
    'can contain the key %j',
    (key) => {
      expect(isFitForBatch(key)).toBe(true);
    },
  );

  test.each(['\0', '\u0008', '\u000b', '\u001f', '\ud800', '\udfff', '\ufffe', '\uffff'])(
    'cannot contain the character %j',
    (character) => {
      for (const key of [character, `a${character}`, `${character}a`]) expect(isFitForBatch(key)).toBe(false);
    },
  );
});
