import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { startEntryPoints, type Send, type EntryPoints } from '../harness/entry-points.ts';
import { startStub, serveKeys, type StubServer } from '../harness/stub-server.ts';
import { encodedBlock } from '../harness/pkcs1-forgeries.ts';
import { startStack } from '../harness/stack.ts';
import { AUDIENCE, encode, issue, ISSUER, newSigner, unsigned } from '../harness/tokens.ts';
import { until } from '../harness/until.ts';

const LIST = '/api/v1/jobs/list';

const known = newSigner('known');
const added = newSigner('added');
const removed = newSigner('removed');
/** Another key with the kid of a known one. */
const replacement = newSigner('known');
const stranger = newSigner('stranger');

const taken = { status: 200, body: '{"jobs":[]}' };
const refused = { status: 401, body: '{"message":"Unauthorized"}' };
const notVerified = { status: 503, headers: { 'retry-after': '1' }, body: '{"message":"Service Unavailable"}' };
const ready = { status: 200, body: '{"status":"ready"}' };
const notReady = { status: 503, body: '{"status":"not ready","failing":["token keys"]}' };

const present = (send: Send, token: string) => send({ path: LIST, headers: [['Authorization', token]] });

/** Returns a token that was never sent before. */
const fresh = (() => {
  let jti = 0;
  return (signer = known) => issue(signer, { jti: String(++jti) });
})();
const many = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index));

let stack: LocalStack;
let elsewhere: StubServer;
let keyServer: StubServer;
let entryPoints: EntryPoints;
/** Sends a request to the service, and to the handler. */
let both: readonly Send[];

/** Starts both entry points, and an endpoint of keys with this listener. */
const start = async (listener: RequestListener) => {
  keyServer = await startStub(listener);
  const tokens = { JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, JWT_JWKS_URI: `${keyServer.origin}/jwks.json` };
  entryPoints = await startEntryPoints({ ...stack.env, ...tokens });
  both = [entryPoints.service, entryPoints.gateways[0]];
};

const stop = async () => {
  await entryPoints.close();
  await keyServer.close();
};

const eachDoor = (check: (send: Send) => Promise<unknown>) => Promise.all(both.map(check));
const expectEach = async (token: string, response: object) =>
  expect(await eachDoor((send) => present(send, token))).toMatchObject(both.map(() => response));

/** Returns the number of fetches that a step causes in both entry points together, and its duration. */
const fetchesOf = async (step: () => Promise<unknown>): Promise<{ count: number; seconds: number }> => {
  const [before, begin] = [keyServer.requests.length, performance.now()];
  await step();
  return { count: keyServer.requests.length - before, seconds: (performance.now() - begin) / 1000 };
};

/** Sends tokens, ten at a time, and returns the responses. */
const flood = async (send: Send, tokens: readonly string[]): Promise<Set<number>> => {
  const statuses = new Set<number>();
  const waiting = tokens.values();
  const presentOn = async () => {
    for (const token of waiting) statuses.add((await present(send, token)).status);
  };
  await Promise.all(many(10, String).map(presentOn));
  return statuses;
};
const unknownKids = () => many(50, (index) => issue(stranger, {}, { kid: `unknown-${index}` }));

/** Longer than the time limit of a fetch, which is 2 s. */
const neverResponds: RequestListener = () => undefined;
const resets: RequestListener = (request) => request.socket.resetAndDestroy();
const responses =
  (body: string, type = 'application/json'): RequestListener =>
  (_, response) =>
    void response.writeHead(200, { 'Content-Type': type }).end(body);

/** Faults of the endpoint. Those with a body contain keys that would be accepted in a valid response. */
const keySet = JSON.stringify({ keys: [known.jwk, added.jwk] });
const faults: [string, RequestListener][] = [
  ['never responds', neverResponds],
  ['is down', resets],
  ['responds with 500', (_, response) => void response.writeHead(500).end(keySet)],
  ['returns an empty set', serveKeys()],
  ['returns nothing', responses('')],
  ['returns HTML', responses(`<!doctype html><title>Sign in</title><script>${keySet}</script>`, 'text/html')],
  ['returns half a set', responses(keySet.slice(0, -1))],
  ['redirects', (_, response) => void response.writeHead(302, { Location: elsewhere.origin }).end()],
  ['returns more than a megabyte', responses(keySet.padEnd(1_100_000))],
];

beforeAll(async () => {
  stack = await startStack();
  elsewhere = await startStub(serveKeys(known.jwk, added.jwk));
});

afterAll(async () => {
  await elsewhere.close();
  await stack.close();
});

describe('before any keys have been fetched', () => {
  beforeAll(() => start(resets));
  afterAll(stop);

  test.each(faults)(
    'a well-formed token gets 503, and a malformed one 401 without waiting, when the endpoint %s',
    async (_, fault) => {
      keyServer.respond(fault);
      entryPoints.passTime(1);
      await eachDoor(async (send) => {
        const received: string[] = [];
        const wellFormed = [fresh(), fresh(stranger)].map((token) =>
          present(send, token).finally(() => received.push(token)),
        );
        for (const token of ['nonsense', issue(known, { exp: 1 }), issue(known, { aud: 'other' })])
          expect(await present(send, token)).toMatchObject(refused);
        expect(await send({ path: LIST })).toMatchObject(refused);
        if (fault === neverResponds) expect(received).toEqual([]);
        expect(await Promise.all(wellFormed)).toMatchObject([notVerified, notVerified]);
        expect(await send({ path: '/readyz' })).toMatchObject(notReady);
        expect(await send({ path: '/healthz' })).toMatchObject({ status: 200 });
      });
    },
  );

  test('keys are fetched at most once a second, however many tokens arrive', async () => {
    keyServer.respond(resets);
    entryPoints.passTime(1);
    const fetches = await fetchesOf(() =>
      eachDoor(async (send) => expect(await flood(send, unknownKids())).toEqual(new Set([503]))),
    );
    expect(fetches.count).toBeGreaterThanOrEqual(2);
    expect(fetches.count).toBeLessThanOrEqual(2 * (1 + fetches.seconds));
  });

  test('keys are fetched a second after the endpoint has recovered', async () => {
    keyServer.respond(serveKeys(known.jwk));
    entryPoints.passTime(1);
    await expectEach(fresh(), taken);
    await expectEach(fresh(stranger), refused);
    await eachDoor((send) => until(async () => (await send({ path: '/readyz' })).status === 200));
  });
});

describe('when keys have been fetched,', () => {
  /** Has both entry points fetch these keys and no others. */
  const renew = (...keys: readonly unknown[]) => {
    keyServer.respond(serveKeys(...keys));
    entryPoints.passTime(10);
    // A request with an unknown kid waits for the fetch.
    return expectEach(fresh(stranger), refused);
  };

  beforeAll(() => start(serveKeys(known.jwk, removed.jwk)));
  afterAll(stop);

  test('which is before either entry point is ready, tokens are verified without a fetch', async () => {
    for (const send of both) expect(await send({ path: '/readyz' })).toMatchObject(ready);
    expect(keyServer.requests).toHaveLength(2);
    await expectEach(fresh(), taken);
    await expectEach(fresh(stranger), refused);
    expect(keyServer.requests).toHaveLength(2);
  });

  test('an added key is accepted 10 s after the start of the last fetch', async () => {
    await renew(known.jwk);
    keyServer.respond(serveKeys(known.jwk, added.jwk));
    await expectEach(fresh(added), refused);
    entryPoints.passTime(10);
    await expectEach(fresh(added), taken);
    await expectEach(fresh(), taken);
  });

  test('a removed key is rejected after the next fetch, also for a token that was accepted before', async () => {
    await renew(known.jwk, removed.jwk);
    const seenBefore = fresh(removed);
    await expectEach(seenBefore, taken);
    await renew(known.jwk);
    await expectEach(seenBefore, refused);
    await expectEach(fresh(removed), refused);
  });

  test('a key that replaces another with the same kid is accepted, and the other is rejected, also for a token that was accepted before', async () => {
    await renew(known.jwk);
    const seenBefore = fresh();
    await expectEach(seenBefore, taken);
    keyServer.respond(serveKeys(replacement.jwk));
    entryPoints.passTime(10);
    await eachDoor((send) => until(async () => (await present(send, fresh(replacement))).status === 200));
    await expectEach(seenBefore, refused);
    await expectEach(fresh(), refused);
  });

  test('they are fetched again in the background after 5 minutes, and a removed key is rejected without a request for another', async () => {
    await renew(known.jwk, removed.jwk);
    const seenBefore = fresh(removed);
    await expectEach(seenBefore, taken);
    keyServer.respond(serveKeys(known.jwk));
    entryPoints.passTime(240);
    expect(await fetchesOf(() => expectEach(seenBefore, taken))).toMatchObject({ count: 0 });
    entryPoints.passTime(60);
    await eachDoor((send) => until(async () => (await present(send, seenBefore)).status === 401));
    await expectEach(fresh(removed), refused);
    await expectEach(fresh(), taken);
  });

  test.each(faults)('known keys are accepted without waiting when the endpoint later %s', async (_, fault) => {
    await renew(known.jwk, removed.jwk);
    const seenBefore = fresh();
    await expectEach(seenBefore, taken);
    keyServer.respond(fault);
    entryPoints.passTime(300);
    const fetches = await fetchesOf(() =>
      eachDoor(async (send) => {
        const received: string[] = [];
        const unknown = present(send, fresh(added)).finally(() => received.push('unknown'));
        for (const token of [seenBefore, fresh()]) expect(await present(send, token)).toMatchObject(taken);
        if (fault === neverResponds) expect(received).toEqual([]);
        expect(await unknown).toMatchObject(refused);
        for (const token of [seenBefore, fresh(), fresh(removed)])
          expect(await present(send, token)).toMatchObject(taken);
        expect(await send({ path: '/readyz' })).toMatchObject(ready);
      }),
    );
    expect(fetches.count).toBeGreaterThanOrEqual(2);
    expect(elsewhere.requests).toEqual([]);
  });

  test.each<[string, RequestListener]>([
    ['up', serveKeys(known.jwk)],
    ['down', resets],
  ])(
    'keys are fetched at most once in 10 s, however many tokens have unknown kids or bad signatures, while the endpoint is %s',
    async (_, listener) => {
      await renew(known.jwk);
      keyServer.respond(listener);
      entryPoints.passTime(10);
      const bad = [...unknownKids(), ...many(25, () => fresh(replacement))];
      const fetches = await fetchesOf(() =>
        eachDoor(async (send) => {
          const floods = [
            flood(send, bad),
            flood(
              send,
              many(10, () => fresh()),
            ),
          ];
          expect(await Promise.all(floods)).toEqual([new Set([401]), new Set([200])]);
        }),
      );
      expect(fetches.count).toBeGreaterThanOrEqual(2);
      expect(fetches.count).toBeLessThanOrEqual(2 * (1 + fetches.seconds / 10));
    },
  );

  describe('in a set of all kinds of keys,', () => {
    const [weak, hidden] = [newSigner('weak', { modulusLength: 1024 }), newSigner('known', { modulusLength: 1024 })];
    const [second, unmarked] = [newSigner('known'), newSigner('unmarked')];
    const [encrypting, other, small] = [newSigner('encrypting'), newSigner('other'), newSigner('small')];
    const [numbered, nameless] = [newSigner('1'), newSigner('')];
    const { privateKey: curve, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const point = publicKey.export({ format: 'jwk' });
    const secret = Buffer.alloc(32, 7);

    const onCurve = (alg: string) => {
      const input = unsigned({}, { kid: 'curve', alg });
      return `${input}.${encode(sign('sha256', Buffer.from(input), { key: curve, dsaEncoding: 'ieee-p1363' }))}`;
    };
    const bySecret = (alg: string) => {
      const input = unsigned({}, { kid: 'secret', alg });
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    };
    /** With an exponent of 1 a signature equals the block that it proves, so it can be made without a key. */
    const byExponent1 = (kid: string) => {
      const input = unsigned({}, { kid });
      return `${input}.${encode(encodedBlock(input))}`;
    };
    const exponent1 = { ...stranger.jwk, e: 'AQ' };

    const unfit = [
      ...[null, 5, 'known', [], [known.jwk], {}, { kid: 'known' }, { kty: 'RSA', kid: 'known' }],
      ...[
        { kty: 'XYZ', kid: 'known' },
        { kty: 'RSA', kid: 'known', n: '!', e: '!' },
      ],
      ...[weak.jwk, hidden.jwk, { ...exponent1, kid: 'exponent' }, { ...exponent1, kid: 'known' }],
      ...[
        { ...encrypting.jwk, use: 'enc' },
        { ...stranger.jwk, kid: 'known', use: 'enc' },
      ],
      ...[
        { ...other.jwk, alg: 'RS512' },
        { ...small.jwk, kty: 'rsa' },
      ],
      ...[
        { ...numbered.jwk, kid: 1 },
        { ...nameless.jwk, kid: undefined },
      ],
      ...['curve', 'known'].map((kid) => ({ ...point, kid })),
      ...['secret', 'known'].map((kid) => ({ kty: 'oct', k: encode(secret), kid })),
    ];

    // Unusable keys are before and after the good ones.
    beforeAll(() =>
      renew(...unfit, { ...known.jwk, use: 'sig', alg: 'RS256' }, second.jwk, unmarked.jwk, ...unfit.toReversed()),
    );

    test.each([
      ['is marked for it', issue(known)],
      ['shares its kid', issue(second)],
      ['is not marked', issue(unmarked)],
    ])('a good key that %s is accepted', (_, token) => expectEach(token, taken));

    test.each([
      ['of 1024 bits', issue(weak)],
      ['of 1024 bits, with the kid of a good one', issue(hidden)],
      ['with the exponent 1', byExponent1('exponent')],
      ['with the exponent 1, and the kid of a good one', byExponent1('known')],
      ['for encryption', issue(encrypting)],
      ['for encryption, with the kid of a good one', issue(stranger, {}, { kid: 'known' })],
      ['for RS512', issue(other)],
      ['of a kty in small letters', issue(small)],
      ['with a number for a kid', issue(numbered)],
      ['without a kid', issue(nameless, {}, { kid: undefined })],
      ['without a kid, for a token with an empty one', issue(nameless)],
      ['on a curve', onCurve('ES256')],
      ['on a curve, for a token that says RS256', onCurve('RS256')],
      ['that is a secret', bySecret('HS256')],
      ['that is a secret, for a token that says RS256', bySecret('RS256')],
    ])('a key %s is rejected', (_, token) => expectEach(token, refused));
  });
});

test('a removed key is rejected in the second invocation of a function that is frozen in between', async () => {
  await start(serveKeys(known.jwk, removed.jwk));
  const seenBefore = fresh(removed);
  await expectEach(seenBefore, taken);
  let isFrozen = false;
  keyServer.respond((request, response) => {
    // A function that is frozen loses what arrives meanwhile.
    const respond = () => (isFrozen ? response.destroy() : serveKeys(known.jwk)(request, response));
    setTimeout(respond, 50);
  });
  entryPoints.passTime(600);
  const [, invoke] = both;
  if (!invoke) throw new Error('there is no handler');
  expect(await present(invoke, seenBefore)).toMatchObject(taken);
  isFrozen = true;
  entryPoints.passTime(600);
  expect(await present(invoke, seenBefore)).toMatchObject(refused);
  await stop();
});
