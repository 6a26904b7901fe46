import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseJobId, parseObjectUuid, parseUserId, type UserId } from '../../identifiers.ts';
import {
  fullResultKey,
  jobPrefix,
  minResultKey,
  uploadedFileKey,
  type KeyPrefix,
  type ObjectKey,
} from '../../object-keys.ts';
import type { ObjectStore, PresignOptions, Removed } from '../../ports/object-store.ts';
import { abortWhileStalled, becomesTrue, endOf, listUnchecked, otherCharacter, userNames } from './checks.ts';
import { savedName } from './saved-name.ts';

/** The response that a browser gets. */
export interface Download {
  readonly body: string;
  /** The header that makes it save a file, and under which name. */
  readonly contentDisposition: string | null;
}

/**
 * Connects the suite to an adapter, and to the programs that use its storage. The storage need not be empty: every test
 * uses users that no other run has used. Methods that may be missing make further checks possible; the checks that are not
 * made without them are listed at the end of the run.
 */
export interface ObjectStoreHarness {
  /** An adapter whose URLs last for at least ten seconds. */
  readonly store: ObjectStore;
  /** The same adapter whose storage refuses connections. */
  readonly unreachable: ObjectStore;
  /** The same adapter whose storage refuses every call for a reason that a retry cannot help: no such bucket, no access. */
  readonly refused?: ObjectStore;
  /** Stores an object as an uploader does. */
  put(key: string, body: string): Promise<void>;
  /** Begins a multipart upload and leaves it unfinished. */
  startUpload(key: string): Promise<void>;
  /** Deletes an object as a user of the storage does, which leaves a marker if the storage keeps versions. */
  hide(key: string): Promise<void>;
  /**
   * Returns everything that is stored under a prefix, which may be a whole key or a user id: a line for each object, older
   * version, marker and unfinished upload. Two uploads of one key are two lines.
   */
  contents(prefix: string): Promise<readonly string[]>;
  /** Returns the size of everything that is stored under a prefix, older versions included and uploads not, in bytes. */
  size(prefix: string): Promise<number>;
  /** Follows a URL as a browser does: returns the response, or `undefined` if it is an error. */
  get(url: string): Promise<Download | undefined>;
  /** Sends another request to a URL, such as a PUT with a body, and returns when there is a response. */
  readonly request?: (method: 'PUT' | 'POST' | 'DELETE', url: string) => Promise<void>;
  /** Makes the storage accept calls and not respond to them, until the function that is returned is called. */
  readonly stall?: () => Promise<() => Promise<void>>;
  /** Makes the storage refuse to delete one object, until the function that is returned is called. */
  readonly protect?: (key: string) => Promise<() => Promise<void>>;
  /** Makes the storage list everything whatever the prefix, until the function that is returned is called. */
  readonly ignorePrefix?: () => Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const png = parseObjectUuid('photo.png');

/** Verifies that an adapter keeps the promises of {@link ObjectStore}. */
export const describeObjectStore = (name: string, start: () => Promise<ObjectStoreHarness>): void => {
  describe(`${name} as an ObjectStore`, () => {
    let harness: ObjectStoreHarness;
    const nextName = userNames();
    const notChecked = listUnchecked(`${name} as an ObjectStore`, [
      'presign does other work in between if there are many keys',
      'URLs stop working with the credentials that sign them',
      'deleteAll returns only after the storage has listed nothing, also while other programs write',
    ]);

    /** Every test has users of its own, so that none sees what another has left. */
    const newUser = (suffix = '') => parseUserId(nextName() + suffix);

    const fill = async (userId: UserId, jobId: number, files: number): Promise<void> => {
      const keys = Array.from({ length: files }, (_, index) => `${userId}/${jobId}/${index}.bin`);
      // A few at a time: enough to be quick, few enough for any server.
      for (let start = 0; start < keys.length; start += 20)
        await Promise.all(keys.slice(start, start + 20).map((key) => harness.put(key, 'x')));
    };

    const bodyOf = async (url: string): Promise<string | undefined> => (await harness.get(url))?.body;

    const presign = async (keys: readonly ObjectKey[], options?: PresignOptions): Promise<readonly string[]> =>
      (await harness.store.presigner(options)).presign(keys);

    const presignOne = async (key: ObjectKey, options?: PresignOptions): Promise<string> => {
      const urls = await presign([key], options);
      expect(urls).toHaveLength(1);
      return urls[0] as string;
    };

    /** Deletes everything under a prefix, and adds up what is passed to `onRemoved`. */
    const remove = async (prefix: KeyPrefix, sum = { objects: 0, uploads: 0, bytes: 0 }): Promise<Removed> => {
      const onRemoved = (removed: Removed) => {
        for (const what of ['objects', 'uploads', 'bytes'] as const) sum[what] += removed[what];
      };
      await harness.store.deleteAll(prefix, { onRemoved });
      return sum;
    };

    beforeAll(async () => {
      harness = await start();
    });

    afterAll(() => harness.close());

    describe('presign', () => {
      test('presign returns URLs in the order of the keys, each of which downloads its object', async () => {
        const [userId, jobId] = [newUser(), parseJobId(1)];
        const keyMakers = [minResultKey, uploadedFileKey, fullResultKey];
        const keys = keyMakers.map((keyOf) => keyOf(userId, jobId, png));
        for (const key of keys) await harness.put(key, `body of ${key}`);
        const urls = await presign(keys);
        expect(await Promise.all(urls.map((url) => bodyOf(url)))).toEqual(keys.map((key) => `body of ${key}`));
      });

      test.each(['', ' with space', '+=()!*\'"%&$@,:;?#~', '%2F..%00', '雪-Zoë', '😀', '<&>', '.', ' '])(
        'presign returns a URL that downloads an object of a user id that ends in %j',
        async (suffix) => {
          const key = uploadedFileKey(newUser(suffix), parseJobId(1), png);
          await harness.put(key, `body of ${key}`);
          const url = await presignOne(key);
          expect(await bodyOf(url)).toBe(`body of ${key}`);
        },
      );

      test('presign returns URLs that have only the characters of RFC 3986', async () => {
        const url = await presignOne(uploadedFileKey(newUser(' "雪'), parseJobId(1), png), {
          downloadAs: '"\\雪.png',
        });
        expect(url).toMatch(/^[\w.~:/?#[\]@!$&'()*+,;=%-]+$/);
      });

      test('presign returns a URL that downloads nothing else', async () => {
        const [userId, jobId] = [newUser(), parseJobId(1)];
        await harness.put(uploadedFileKey(userId, jobId, png), 'mine');
        await harness.put(`${userId}/1/photo.pnG`, 'secret');
        const url = await presignOne(uploadedFileKey(userId, jobId, png));
        expect(await bodyOf(url)).toBe('mine');
        expect(await bodyOf(url.replace('photo.png', 'photo.pnG'))).toBeUndefined();
        expect(await bodyOf(url.slice(0, -1) + otherCharacter(url.slice(-1)))).toBeUndefined();
        expect(await bodyOf(url.replace(/\?.*/, ''))).toBeUndefined();
      });

      test('presign does not check whether the object exists', async () => {
        const url = await presignOne(uploadedFileKey(newUser(), parseJobId(1), png));
        expect(await bodyOf(url)).toBeUndefined();
      });

      test('presign returns URLs that stop working', async () => {
        const key = uploadedFileKey(newUser(), parseJobId(1), png);
        await harness.put(key, 'picture');
        const url = await presignOne(key, { expiresInSeconds: 1 });
        expect(await becomesTrue(async () => (await bodyOf(url)) === undefined)).toBe(true);
        expect(await bodyOf(await presignOne(key))).toBe('picture');
      });

      test('presign returns URLs that work for GET only', async () => {
        const { request } = harness;
        if (!request) {
          notChecked('the holder of a URL can do nothing but GET: the harness has no request');
          return;
        }
        const key = uploadedFileKey(newUser(), parseJobId(1), png);
        await harness.put(key, 'picture');
        const stored = await harness.contents(key);
        const url = await presignOne(key);
        for (const method of ['PUT', 'POST', 'DELETE'] as const) {
          await request(method, url);
          expect([method, await bodyOf(await presignOne(key))]).toEqual([method, 'picture']);
          expect([method, await harness.contents(key)]).toEqual([method, stored]);
        }
      });

      test('presigner says when the URLs stop working', async () => {
        const { expiresAt } = await harness.store.presigner();
        expect(expiresAt.getTime()).toBeGreaterThan(Date.now());
      });

      test('presigner says that URLs expire after the lifetime requested, if it is shorter than the configured one', async () => {
        const now = Date.now();
        const { expiresAt: configured } = await harness.store.presigner();
        const { expiresAt: shortened } = await harness.store.presigner({ expiresInSeconds: 2 });
        const { expiresAt: unchanged } = await harness.store.presigner({ expiresInSeconds: 604_800 });
        // Two seconds, for stores that sign whole seconds by a clock of whole seconds.
        expect(shortened.getTime()).toBeGreaterThanOrEqual(now);
        expect(shortened.getTime()).toBeLessThanOrEqual(Date.now() + 3_000);
        expect(unchanged.getTime()).toBeGreaterThanOrEqual(Math.min(configured.getTime(), now + 604_800_000) - 2_000);
        expect(unchanged.getTime()).toBeLessThanOrEqual(
          Math.min(configured.getTime(), Date.now() + 604_800_000) + 2_000,
        );
      });

      test('presign returns a URL that saves a file under a name', async () => {
        const key = uploadedFileKey(newUser(), parseJobId(1), png);
        await harness.put(key, 'picture');
        for (const downloadAs of ['holiday.png', 'Übermut ☀.png']) {
          const saved = await harness.get(await presignOne(key, { downloadAs }));
          expect(saved?.body).toBe('picture');
          expect(savedName(saved?.contentDisposition ?? null)).toBe(downloadAs);
        }
        const shown = await harness.get(await presignOne(key));
        expect(shown).toEqual({ body: 'picture', contentDisposition: null });
      });

      test('presign can be called any number of times', async () => {
        const [userId, jobId] = [newUser(), parseJobId(1)];
        const presigner = await harness.store.presigner();
        for (const name of ['a', 'b', 'c']) await harness.put(`${userId}/1/${name}`, name);
        for (const names of [['a', 'b'], ['c', 'a'], ['b']]) {
          const urls = await presigner.presign(
            names.map((name) => uploadedFileKey(userId, jobId, parseObjectUuid(name))),
          );
          expect(await Promise.all(urls.map((url) => bodyOf(url)))).toEqual(names);
        }
      });

      test('presign returns no URLs for no keys', async () => {
        expect(await presign([])).toEqual([]);
      });

      test('presign needs no connection to the store', async () => {
        const presigner = await harness.unreachable.presigner();
        expect(await presigner.presign([uploadedFileKey(newUser(), parseJobId(1), png)])).toHaveLength(1);
      });

      test('presigner rejects with the reason of an aborted signal', async () => {
        const reason = new Error('enough');
        await expect(harness.store.presigner({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      });
    });

    describe('deleteAll', () => {
      test('deleteAll removes objects, older versions, markers and unfinished uploads', async () => {
        const userId = newUser();
        const prefix = jobPrefix(userId, parseJobId(1));
        for (const key of ['photo.png', 'DONE', 'results/photo.png.json', 'results/a/b//c'])
          for (const version of ['one', 'two', 'three']) await harness.put(prefix + key, version);
        await harness.put(`${prefix}hidden.txt`, 'x');
        await harness.hide(`${prefix}hidden.txt`);
        await harness.startUpload(`${prefix}photo.png`);
        await harness.startUpload(`${prefix}photo.png`);
        await harness.startUpload(`${prefix}huge.mov`);
        expect((await harness.contents(prefix)).length).toBeGreaterThanOrEqual(7);
        await harness.store.deleteAll(prefix);
        expect(await harness.contents(prefix)).toEqual([]);
      });

      test('deleteAll passes everything that it removed to onRemoved: as much as the store holds less afterwards', async () => {
        const userId = newUser();
        const prefix = jobPrefix(userId, parseJobId(1));
        for (const key of ['photo.png', 'DONE', 'results/photo.png.json']) await harness.put(prefix + key, 'four');
        await harness.put(`${prefix}photo.png`, 'longer');
        await harness.put(`${prefix}hidden.txt`, 'four');
        await harness.hide(`${prefix}hidden.txt`);
        await harness.startUpload(`${prefix}huge.mov`);
        await harness.startUpload(`${prefix}huge.mov`);
        await harness.put(`${userId}/10/photo.png`, 'kept');
        const before = await harness.contents(prefix);
        const stored = await harness.size(prefix);
        expect(await remove(prefix)).toEqual({ objects: before.length - 2, uploads: 2, bytes: stored });
        expect(await harness.contents(userId)).toHaveLength(1);
        expect(await remove(prefix)).toEqual({ objects: 0, uploads: 0, bytes: 0 });
      });

      test('deleteAll removes more than one page of objects', async () => {
        const userId = newUser();
        await fill(userId, 1, 1005);
        expect(await remove(jobPrefix(userId, parseJobId(1)))).toEqual({ objects: 1005, uploads: 0, bytes: 1005 });
        expect(await harness.contents(userId)).toEqual([]);
      });

      test('deleteAll removes keys with special characters', async () => {
        const prefix = jobPrefix(newUser(), parseJobId(1));
        const names = [
          'a b',
          '+',
          '%2F',
          '%',
          '&amp;',
          '<tag>',
          '"',
          '雪',
          '😀',
          '../2/x',
          './x',
          '/',
          'tab\t',
          'a\rb',
          '\u0001',
          '\uffff',
          'a\nb',
        ];
        for (const key of names) await harness.put(prefix + key, 'x');
        await harness.store.deleteAll(prefix);
        expect(await harness.contents(prefix)).toEqual([]);
      });

      test("deleteAll leaves jobs alone whose ids start with the same digits, and other users' jobs", async () => {
        const userId = newUser();
        const otherId = newUser();
        const kept = [
          `${userId}/10/photo.png`,
          `${userId}/2/photo.png`,
          `${userId}/1`,
          `${otherId}/1/photo.png`,
          `x${userId}/1/a`,
        ];
        for (const key of [...kept, `${userId}/1/photo.png`]) await harness.put(key, 'x');
        await harness.startUpload(`${userId}/10/huge.mov`);
        await harness.store.deleteAll(jobPrefix(userId, parseJobId(1)));
        expect(await harness.contents(`${userId}/1/`)).toEqual([]);
        expect(await harness.contents(`${userId}/10/`)).toHaveLength(2);
        for (const key of kept) expect(await harness.contents(key)).not.toEqual([]);
      });

      test('deleteAll succeeds if there is nothing, and may be repeated', async () => {
        const prefix = jobPrefix(newUser(), parseJobId(1));
        await harness.store.deleteAll(prefix);
        await harness.put(`${prefix}a`, 'x');
        await harness.store.deleteAll(prefix);
        await harness.store.deleteAll(prefix);
        expect(await harness.contents(prefix)).toEqual([]);
      });

      test('deleteAll succeeds for several callers at once', async () => {
        const userId = newUser();
        await fill(userId, 1, 60);
        await harness.startUpload(`${userId}/1/huge.mov`);
        const prefix = jobPrefix(userId, parseJobId(1));
        await Promise.all(Array.from({ length: 5 }, () => harness.store.deleteAll(prefix)));
        expect(await harness.contents(userId)).toEqual([]);
      });

      test('deleteAll rejects with the reason of an aborted signal, and continues when repeated', async () => {
        const reason = new Error('enough');
        const prefix = jobPrefix(newUser(), parseJobId(1));
        await harness.put(`${prefix}a`, 'x');
        await expect(harness.store.deleteAll(prefix, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
        expect(await harness.contents(prefix)).toHaveLength(1);
        await harness.store.deleteAll(prefix);
        expect(await harness.contents(prefix)).toEqual([]);
      });

      test('deleteAll rejects with the reason as soon as its signal aborts, while the storage does not respond', async () => {
        const { stall } = harness;
        if (!stall) {
          notChecked('deleteAll ends when its signal aborts during the call: the harness has no stall');
          return;
        }
        const prefix = jobPrefix(newUser(), parseJobId(1));
        await harness.put(`${prefix}a`, 'x');
        const reason = new Error('enough');
        const outcome = await abortWhileStalled(stall, (signal) => harness.store.deleteAll(prefix, { signal }), reason);
        expect(outcome).toBe(reason);
        await harness.store.deleteAll(prefix);
        expect(await harness.contents(prefix)).toEqual([]);
      });

      test('deleteAll removes the other objects if one cannot be removed, and is an error all the same', async () => {
        const { protect } = harness;
        if (!protect) {
          notChecked('an object that cannot be removed does not keep the others: the harness has no protect');
          return;
        }
        const prefix = jobPrefix(newUser(), parseJobId(1));
        for (const key of ['a', 'b', 'c', 'd']) await harness.put(prefix + key, 'four');
        const release = await protect(`${prefix}b`);
        expect(await endOf(remove(prefix))).not.toBe('no error');
        expect(await harness.contents(prefix)).toHaveLength(1);
        expect(await harness.contents(`${prefix}b`)).toHaveLength(1);
        await release();
        expect(await remove(prefix)).toEqual({ objects: 1, uploads: 0, bytes: 4 });
      });

      test('deleteAll passes what it removed to onRemoved once, also if it fails', async () => {
        const { protect } = harness;
        if (!protect) {
          notChecked('a call that fails passes what it removed to onRemoved: the harness has no protect');
          return;
        }
        const prefix = jobPrefix(newUser(), parseJobId(1));
        for (const key of ['a', 'b', 'c', 'd']) await harness.put(prefix + key, 'four');
        const release = await protect(`${prefix}b`);
        const sum = { objects: 0, uploads: 0, bytes: 0 };
        await endOf(remove(prefix, sum));
        await release();
        expect(sum).toEqual({ objects: 3, uploads: 0, bytes: 12 });
      });

      test('deleteAll removes nothing outside the prefix, also if the storage lists more', async () => {
        const { ignorePrefix } = harness;
        if (!ignorePrefix) {
          notChecked('nothing outside the prefix is removed whatever the store lists: the harness has no ignorePrefix');
          return;
        }
        const userId = newUser();
        for (const key of ['1/a', '2/a', '10/a']) await harness.put(`${userId}/${key}`, 'x');
        const release = await ignorePrefix();
        // An adapter may remove what is under the prefix, or refuse the whole list.
        await harness.store.deleteAll(jobPrefix(userId, parseJobId(1))).catch(() => undefined);
        await release();
        for (const jobId of ['2', '10']) expect(await harness.contents(`${userId}/${jobId}/`)).toHaveLength(1);
      });

      test('deleteAll does not throw Unavailable if a retry cannot help', async () => {
        const { refused } = harness;
        if (!refused) {
          notChecked(
            'deleteAll throws other errors unchanged if a retry cannot help: the harness has no refused store',
          );
          return;
        }
        expect(await endOf(refused.deleteAll(jobPrefix(newUser(), parseJobId(1))))).toBe('another error');
      });

      test('deleteAll throws Unavailable if the storage refuses connections', async () => {
        const call = harness.unreachable.deleteAll(jobPrefix(newUser(), parseJobId(1)));
        await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      });
    });
  });
};
