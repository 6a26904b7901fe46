import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { RemoteJwks } from './jwks.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const URI = 'https://issuer.example/jwks.json';

const newJwk = (kid: string, modulusLength = 2048): JsonWebKey => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength });
  return { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
};
const [one, two, three] = [newJwk('one'), newJwk('two'), newJwk('three')];

type FetchText = (uri: string) => Promise<string>;
const serve =
  (body: string): FetchText =>
  async () =>
    body;
const serveKeys = (...keys: unknown[]): FetchText => serve(JSON.stringify({ keys }));
const refuse: FetchText = async () => {
  throw new Error('connect ECONNREFUSED 127.0.0.1:1');
};
const hang: FetchText = () => new Promise((_resolve, reject) => (timeOut = () => reject(new Error('took too long'))));

let time: number;
let endpoint: FetchText;
let timeOut: () => void;
const fetched = jest.fn<FetchText>();
const onFetchFailed = jest.fn<(error: unknown) => void>();
let keys: RemoteJwks;

beforeEach(() => {
  time = 1_700_000_000_000;
  endpoint = serveKeys(one);
  fetched.mockReset().mockImplementation((...parameters) => endpoint(...parameters));
  onFetchFailed.mockReset();
  keys = new RemoteJwks(URI, { fetchText: fetched, now: () => time, onFetchFailed });
});

const moduli = async (kid: string) => (await keys.get(kid)).map(({ jwk }) => jwk.n);
/** Waits for the fetch under way; starts one only if that is due. */
const fetchIsOver = () => keys.get('nobody');

describe('RemoteJwks', () => {
  test('returns the key with a kid, ready for use', async () => {
    endpoint = serveKeys(one, two);
    const [key, ...others] = await keys.get('two');
    expect(others).toEqual([]);
    expect(key?.jwk.n).toBe(two.n);
    expect(key?.publicKey.export({ format: 'jwk' })).toEqual({ kty: 'RSA', n: two.n, e: two.e });
  });

  test('returns nothing for a kid that the issuer does not have', async () => {
    expect(await keys.get('two')).toEqual([]);
    expect(await keys.get('__proto__')).toEqual([]);
  });

  test('returns every key when two good ones share a kid', async () => {
    endpoint = serveKeys(one, { ...two, kid: 'one' });
    expect(await moduli('one')).toEqual([one.n, two.n]);
  });

  test('fetches once for concurrent callers', async () => {
    expect(await Promise.all([moduli('one'), moduli('one'), moduli('two'), keys.check()])).toEqual([
      [one.n],
      [one.n],
      [],
      undefined,
    ]);
    expect(fetched).toHaveBeenCalledTimes(1);
  });
});

describe('a set of keys', () => {
  beforeEach(() => keys.check());

  test('is used for five minutes', async () => {
    time += 5 * MINUTE - 1;
    expect(await moduli('one')).toEqual([one.n]);
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  test('is fetched again in the background after five minutes, while a known key does not wait', async () => {
    endpoint = serveKeys(two);
    time += 5 * MINUTE;
    expect(await Promise.all([moduli('one'), moduli('one')])).toEqual([[one.n], [one.n]]);
    await fetchIsOver();
    expect(fetched).toHaveBeenCalledTimes(2);
    expect(await moduli('one')).toEqual([]);
    expect(await moduli('two')).toEqual([two.n]);
  });

  test('is fetched again by a readiness check too', async () => {
    time += 5 * MINUTE;
    await keys.check();
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  test('is used for another five minutes after a fetch', async () => {
    time += 5 * MINUTE;
    await keys.get('one');
    await fetchIsOver();
    time += 5 * MINUTE - 1;
    await keys.get('one');
    expect(fetched).toHaveBeenCalledTimes(2);
    time += 1;
    await keys.get('one');
    expect(fetched).toHaveBeenCalledTimes(3);
  });

  test('does not wait for a fetch that hangs', async () => {
    endpoint = hang;
    time += 5 * MINUTE;
    expect(await moduli('one')).toEqual([one.n]);
    expect(await moduli('one')).toEqual([one.n]);
    await keys.check();
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  test('is fetched again no sooner than 10 s after a fetch that failed', async () => {
    endpoint = refuse;
    time += 5 * MINUTE;
    await keys.get('one');
    await fetchIsOver();
    time += 10 * SECOND - 1;
    await keys.get('one');
    expect(fetched).toHaveBeenCalledTimes(2);
    time += 1;
    await keys.get('one');
    expect(fetched).toHaveBeenCalledTimes(3);
  });

  test('is fetched again when the clock was set back', async () => {
    time -= 60 * MINUTE;
    expect(await moduli('one')).toEqual([one.n]);
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  test('is replaced when a key was replaced under the same kid', async () => {
    endpoint = serveKeys({ ...two, kid: 'one' });
    time += 10 * SECOND;
    keys.refresh();
    expect(await moduli('one')).toEqual([one.n]);
    await fetchIsOver();
    expect(await moduli('one')).toEqual([two.n]);
  });

  test('is refreshed on demand no sooner than 10 s after the last fetch', async () => {
    time += 10 * SECOND - 1;
    keys.refresh();
    expect(fetched).toHaveBeenCalledTimes(1);
    time += 1;
    keys.refresh();
    keys.refresh();
    expect(fetched).toHaveBeenCalledTimes(2);
  });
});

describe('the cached set', () => {
  test('is undefined before there are keys, and no fetch is started for it', () => {
    expect(keys.current()).toBeUndefined();
    expect(fetched).not.toHaveBeenCalled();
  });

  test('is fetched again in the background after five minutes', async () => {
    await keys.check();
    const held = keys.current();
    time += 5 * MINUTE - 1;
    expect(keys.current()).toBe(held);
    expect(fetched).toHaveBeenCalledTimes(1);
    endpoint = hang;
    time += 1;
    expect(keys.current()).toBe(held);
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  const before = [one, two];
  test.each<[string, boolean, unknown[]]>([
    ['the same keys', true, [one, two]],
    ['the same keys in another order', true, [two, one]],
    ['the same keys with other attributes', true, [{ ...one, alg: undefined, x5t: 'x' }, two]],
    ['the same keys beside unusable ones', true, [null, one, { kty: 'oct', kid: 'one' }, two]],
    ['one key more', false, [one, two, three]],
    ['one key less', false, [two]],
    ['a key that was replaced', false, [one, { ...three, kid: 'two' }]],
    ['a key with another exponent', false, [one, { ...two, e: 'Aw' }]],
    ['a key with another kid', false, [one, { ...two, kid: 'three' }]],
    ['a second key with the same kid', false, [one, two, { ...three, kid: 'two' }]],
    [
      'keys that have swapped their kids',
      false,
      [
        { ...one, kid: 'two' },
        { ...two, kid: 'one' },
      ],
    ],
  ])('after a fetch that returned %s, is the same: %j', async (_, same, after) => {
    endpoint = serveKeys(...before);
    await keys.check();
    const held = keys.current();
    endpoint = serveKeys(...after);
    time += 5 * MINUTE;
    await keys.check();
    await fetchIsOver();
    expect(fetched).toHaveBeenCalledTimes(2);
    expect(keys.current() === held).toBe(same);
    expect(keys.current()?.get('two')?.at(-1)?.jwk.n).toBe((await moduli('two')).at(-1));
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  test('after a fetch that failed, is the same', async () => {
    await keys.check();
    const held = keys.current();
    endpoint = serveKeys();
    time += 5 * MINUTE;
    await keys.check();
    await fetchIsOver();
    expect(onFetchFailed).toHaveBeenCalledTimes(1);
    expect(keys.current()).toBe(held);
  });
});

const padded = (bytes: number[], length: number) => Buffer.from([...Array<number>(length).fill(0), ...bytes]);
const b64 = (bytes: Iterable<number>) => Buffer.from([...bytes]).toString('base64url');
const weak = newJwk('one', 1024);
const modulus = Buffer.from(one.n ?? '', 'base64url');
const other = { ...two, kid: 'one' };

const unusable: [string, unknown][] = [
  ['a key of 1024 bits', weak],
  ['a key of 1024 bits behind zeros', { ...weak, n: b64(padded([...Buffer.from(weak.n ?? '', 'base64url')], 128)) }],
  ['a key of 2047 bits', { ...other, n: b64([0x7f, ...modulus.subarray(1)]) }],
  ['an exponent of 1', { ...other, e: b64([1]) }],
  ['an exponent of 1 behind zeros', { ...other, e: b64([0, 0, 1]) }],
  ['an exponent of 0', { ...other, e: b64([0]) }],
  ['an even exponent', { ...other, e: b64([1, 0, 0]) }],
  ['an empty exponent', { ...other, e: '' }],
  ['an exponent that is a number', { ...other, e: 65537 }],
  ['no exponent', { ...other, e: undefined }],
  ['an empty modulus', { ...other, n: '' }],
  ['a modulus that is not base64url', { ...other, n: '!!!!' }],
  ['a modulus that is a list', { ...other, n: [1, 2] }],
  ['no modulus', { ...other, n: undefined }],
  ['a key for encryption', { ...other, use: 'enc' }],
  ['a use of null', { ...other, use: null }],
  ['a key for RS512', { ...other, alg: 'RS512' }],
  ['a key for PS256', { ...other, alg: 'PS256' }],
  ['a key for RSA-OAEP', { ...other, alg: 'RSA-OAEP' }],
  ['an empty algorithm', { ...other, alg: '' }],
  ['a kty in small letters', { ...other, kty: 'rsa' }],
  ['no kty', { ...other, kty: undefined }],
  ['an RSA key with the kty EC', { ...other, kty: 'EC' }],
  [
    'an elliptic curve key',
    { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }), kid: 'one' },
  ],
  ['an Ed25519 key', { ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }), kid: 'one' }],
  ['a shared secret', { kty: 'oct', k: b64([1, 2, 3]), kid: 'one', alg: 'HS256' }],
  ['an unknown kty', { kty: 'XYZ', kid: 'one' }],
  ['a kid that is a number', { ...other, kid: 1 }],
  ['a kid that is a list', { ...other, kid: ['one'] }],
  ['no kid', { ...other, kid: undefined }],
  ['an empty object', {}],
  ['null', null],
  ['a number', 5],
  ['a string', 'one'],
  ['a list', [other]],
];

describe('an entry that may not sign tokens', () => {
  test.each(unusable)('is ignored beside good keys: %s', async (_, entry) => {
    endpoint = serveKeys(entry, one, entry, three);
    expect(await moduli('one')).toEqual([one.n]);
    expect(await moduli('three')).toEqual([three.n]);
    expect(onFetchFailed).not.toHaveBeenCalled();
  });

  test.each(unusable)('is rejected if it is alone: %s', async (_, entry) => {
    endpoint = serveKeys(entry);
    await expect(keys.get('one')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

test.each([
  ['use and alg', { use: undefined, alg: undefined }],
  ['use', { use: undefined }],
  ['alg', { alg: undefined }],
])('a key without the field %s is a good one', async (_, change) => {
  endpoint = serveKeys({ ...one, ...change });
  expect(await moduli('one')).toEqual([one.n]);
});

const failures: [string, FetchText][] = [
  ['cannot be reached', refuse],
  ['returns nothing', serve('')],
  ['returns HTML', serve('<!doctype html><title>Sign in</title>')],
  ['returns truncated JSON', serve(JSON.stringify({ keys: [two] }).slice(0, -2))],
  ['returns null', serve('null')],
  ['returns a list', serve(JSON.stringify([two]))],
  ['returns an object without keys', serve('{}')],
  ['returns keys that are not a list', serve(JSON.stringify({ keys: { two } }))],
  ['returns an empty set', serveKeys()],
  ['returns unusable keys only', serveKeys(weak, null, { kty: 'oct' })],
];

describe.each(failures)('an endpoint that %s', (_, failure) => {
  test('leaves the last good set in place', async () => {
    await keys.check();
    endpoint = failure;
    time += 5 * MINUTE;
    expect(await moduli('one')).toEqual([one.n]);
    expect(await moduli('two')).toEqual([]);
    expect(fetched).toHaveBeenCalledTimes(2);
    expect(onFetchFailed).toHaveBeenCalledTimes(1);
    expect(await moduli('one')).toEqual([one.n]);
    await keys.check();
  });

  test('is Unavailable with a reason when no keys have ever been fetched', async () => {
    endpoint = failure;
    const rejection = expect(keys.get('one')).rejects;
    await rejection.toMatchObject({ code: 'UNAVAILABLE' });
    const [[cause] = []] = onFetchFailed.mock.calls;
    expect(cause).toBeInstanceOf(Error);
    await rejection.toMatchObject({ cause });
    await expect(keys.check()).rejects.toMatchObject({ code: 'UNAVAILABLE', cause });
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  test('is forgotten when it returns keys', async () => {
    endpoint = failure;
    await expect(keys.check()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    endpoint = serveKeys(one);
    time += SECOND;
    await keys.check();
    expect(await moduli('one')).toEqual([one.n]);
  });
});

describe('an endpoint that hangs', () => {
  test('leaves the last good set in place after the timeout', async () => {
    await keys.check();
    endpoint = hang;
    time += 5 * MINUTE;
    const unknown = moduli('two');
    expect(await moduli('one')).toEqual([one.n]);
    timeOut();
    expect(await unknown).toEqual([]);
    expect(await moduli('one')).toEqual([one.n]);
    expect(onFetchFailed).toHaveBeenCalledTimes(1);
    endpoint = serveKeys(two);
    time += 10 * SECOND;
    expect(await moduli('two')).toEqual([two.n]);
  });

  test('is Unavailable after the timeout when no keys have ever been fetched', async () => {
    endpoint = hang;
    const waiting = [keys.get('one'), keys.check()].map((call) =>
      expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: { message: 'took too long' } }),
    );
    timeOut();
    await Promise.all(waiting);
  });
});

describe('an unknown kid', () => {
  beforeEach(() => keys.check());

  test('is known at its first use when the last fetch began 10 s ago', async () => {
    endpoint = serveKeys(one, two);
    time += 10 * SECOND;
    expect(await moduli('two')).toEqual([two.n]);
  });

  test('is not found, without a wait, when the last fetch began less than 10 s ago', async () => {
    endpoint = serveKeys(one, two);
    time += 10 * SECOND - 1;
    expect(await moduli('two')).toEqual([]);
    expect(fetched).toHaveBeenCalledTimes(1);
    time += 1;
    expect(await moduli('two')).toEqual([two.n]);
  });

  test('waits for a fetch that is under way', async () => {
    endpoint = serveKeys(one, two);
    time += 5 * MINUTE;
    await keys.get('one');
    expect(await moduli('two')).toEqual([two.n]);
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  test.each<[string, FetchText]>([
    ['up', serveKeys(one)],
    ['down', refuse],
    ['broken', serveKeys()],
  ])('causes one fetch in 10 s, however many tokens have it, while the endpoint is %s', async (_, state) => {
    endpoint = state;
    const begun: number[] = [];
    const start = time;
    fetched.mockImplementation((...parameters) => {
      begun.push(time - start);
      return endpoint(...parameters);
    });
    for (; time - start <= 60 * SECOND; time += 250)
      expect(await Promise.all([moduli(`a-${time}`), moduli(`b-${time}`), moduli('one')])).toEqual([[], [], [one.n]]);
    expect(begun).toEqual([10, 20, 30, 40, 50, 60].map((seconds) => seconds * SECOND));
  });

  test('causes one fetch in 10 s while the endpoint hangs', async () => {
    endpoint = hang;
    time += 10 * SECOND;
    const flood = Array.from({ length: 100 }, (_, index) => moduli(`unknown-${index}`));
    timeOut();
    expect(await Promise.all(flood)).toEqual(flood.map(() => []));
    time += 10 * SECOND - 1;
    expect(await moduli('unknown')).toEqual([]);
    expect(fetched).toHaveBeenCalledTimes(2);
  });
});

describe('while no keys have ever been fetched', () => {
  beforeEach(() => {
    endpoint = refuse;
  });

  test('a fetch is started once a second at most, by tokens and by readiness checks', async () => {
    const expectFetches = async (count: number) => {
      for (const call of [keys.check(), keys.get('one'), keys.get(`unknown-${time}`)])
        await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(fetched).toHaveBeenCalledTimes(count);
    };
    await expectFetches(1);
    time += SECOND - 1;
    await expectFetches(1);
    time += 1;
    await expectFetches(2);
  });

  test('no second fetch starts while one takes longer than a second', async () => {
    endpoint = hang;
    const waiting = [expect(keys.check()).rejects.toMatchObject({ code: 'UNAVAILABLE' })];
    time += 1.5 * SECOND;
    waiting.push(expect(keys.get('one')).rejects.toMatchObject({ code: 'UNAVAILABLE' }));
    expect(fetched).toHaveBeenCalledTimes(1);
    timeOut();
    await Promise.all(waiting);
  });

  test('the first set is used by all callers that wait for it', async () => {
    await expect(keys.get('one')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    time += SECOND;
    endpoint = serveKeys(one);
    expect(await moduli('one')).toEqual([one.n]);
  });
});

describe('a caller’s signal', () => {
  const reason = new Error('enough');

  test('ends the wait with its reason, and not the fetch', async () => {
    let answer: (text: string) => void = () => undefined;
    endpoint = () => new Promise((resolve) => (answer = resolve));
    const patient = moduli('one');
    const caller = new AbortController();
    const hasty = [keys.get('one', caller), keys.check(caller)].map((call) => expect(call).rejects.toBe(reason));
    caller.abort(reason);
    await Promise.all(hasty);
    answer(await serveKeys(one)(URI));
    expect(await patient).toEqual([one.n]);
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  test('that aborted before does not wait, and starts no fetch', async () => {
    const signal = AbortSignal.abort(reason);
    await expect(keys.get('one', { signal })).rejects.toBe(reason);
    await expect(keys.check({ signal })).rejects.toBe(reason);
    expect(fetched).not.toHaveBeenCalled();
  });

  test('that does not abort changes nothing', async () => {
    const { signal } = new AbortController();
    expect(await keys.get('one', { signal })).toHaveLength(1);
    await keys.check({ signal });
  });
});

test('a failure without a waiting caller is not an unhandled rejection', async () => {
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);
  try {
    await keys.check();
    time += 5 * MINUTE;
    endpoint = hang;
    await keys.get('one');
    const caller = new AbortController();
    const call = expect(keys.get('two', caller)).rejects.toThrow();
    caller.abort();
    await call;
    timeOut();
    await fetchIsOver();
    await new Promise(setImmediate);
    expect(onFetchFailed).toHaveBeenCalledTimes(1);
    expect(unhandled).not.toHaveBeenCalled();
  } finally {
    process.off('unhandledRejection', unhandled);
  }
});
