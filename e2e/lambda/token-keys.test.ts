import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { startEntryPoints, type Ask, type EntryPoints } from '../harness/entry-points.ts';
import { startStub, serveKeys, type StubServer } from '../harness/stub-server.ts';
import { encodedBlock } from '../harness/pkcs1-forgeries.ts';
import { startStack } from '../harness/stack.ts';
import { AUDIENCE, encode, issue, ISSUER, newSigner, unsigned } from '../harness/tokens.ts';

const LIST = '/api/v1/jobs/list';

const known = newSigner('known');
const added = newSigner('added');
const removed = newSigner('removed');
/** Another key under the name of one that is known. */
const replacement = newSigner('known');
const stranger = newSigner('stranger');

const taken = { status: 200, body: '{"jobs":[]}' };
const refused = { status: 401, body: '{"message":"Unauthorized"}' };
const notJudged = { status: 503, headers: { 'retry-after': '1' }, body: '{"message":"Service Unavailable"}' };
const ready = { status: 200, body: '{"status":"ready"}' };
const notReady = { status: 503, body: '{"status":"not ready","failing":["token keys"]}' };

const present = (ask: Ask, token: string) => ask({ path: LIST, headers: [['Authorization', token]] });

/** One that was never presented before. */
const fresh = (() => {
  let jti = 0;
  return (signer = known) => issue(signer, { jti: String(++jti) });
})();
const many = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index));

/** Tries again until it holds: for what happens in the background. */
const until = async (holds: () => Promise<boolean>) => {
  while (!(await holds())) await sleep(20);
};

let stack: LocalStack;
let elsewhere: StubServer;
let keyServer: StubServer;
let doors: EntryPoints;
/** The service, and the handler. */
let both: readonly Ask[];

/** Both doors, with an endpoint of keys that begins with a listener. */
const start = async (listener: RequestListener) => {
  keyServer = await startStub(listener);
  const tokens = { JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, JWT_JWKS_URI: `${keyServer.origin}/jwks.json` };
  doors = await startEntryPoints({ ...stack.env, ...tokens });
  both = [doors.service, doors.gateways[0]];
};

const stop = async () => {
  await doors.close();
  await keyServer.close();
};

const eachDoor = (check: (ask: Ask) => Promise<unknown>) => Promise.all(both.map(check));
const expectEach = async (token: string, answer: object) =>
  expect(await eachDoor((ask) => present(ask, token))).toMatchObject(both.map(() => answer));

/** How many fetches a step causes, both doors together, and how long it takes. */
const fetchesOf = async (step: () => Promise<unknown>): Promise<{ count: number; seconds: number }> => {
  const [before, begin] = [keyServer.requests.length, performance.now()];
  await step();
  return { count: keyServer.requests.length - before, seconds: (performance.now() - begin) / 1000 };
};

/** Presents tokens, ten at a time: how they are answered. */
const flood = async (ask: Ask, tokens: readonly string[]): Promise<Set<number>> => {
  const statuses = new Set<number>();
  const waiting = tokens.values();
  const presentOn = async () => {
    for (const token of waiting) statuses.add((await present(ask, token)).status);
  };
  await Promise.all(many(10, String).map(presentOn));
  return statuses;
};
const unknownKids = () => many(50, (index) => issue(stranger, {}, { kid: `unknown-${index}` }));

/** Until the fetch is given up, after 2 s. */
const neverAnswers: RequestListener = () => undefined;
const resets: RequestListener = (request) => request.socket.resetAndDestroy();
const answers =
  (body: string, type = 'application/json'): RequestListener =>
  (_, response) =>
    void response.writeHead(200, { 'Content-Type': type }).end(body);

/** All that bring something bring keys that would be honoured if they came in good order. */
const keySet = JSON.stringify({ keys: [known.jwk, added.jwk] });
const faults: [string, RequestListener][] = [
  ['never answers', neverAnswers],
  ['is down', resets],
  ['answers 500', (_, response) => void response.writeHead(500).end(keySet)],
  ['answers an empty set', serveKeys()],
  ['answers nothing', answers('')],
  ['answers HTML', answers(`<!doctype html><title>Sign in</title><script>${keySet}</script>`, 'text/html')],
  ['answers what is cut short', answers(keySet.slice(0, -1))],
  ['redirects', (_, response) => void response.writeHead(302, { Location: elsewhere.origin }).end()],
  ['answers more than a megabyte', answers(keySet.padEnd(1_100_000))],
];

beforeAll(async () => {
  stack = await startStack();
  elsewhere = await startStub(serveKeys(known.jwk, added.jwk));
});

afterAll(async () => {
  await elsewhere.close();
  await stack.close();
});

describe('while no keys have ever been had', () => {
  beforeAll(() => start(resets));
  afterAll(stop);

  test.each(faults)(
    'a well-formed token cannot be judged, and one at fault is refused without waiting: the endpoint %s',
    async (_, fault) => {
      keyServer.respond(fault);
      doors.passTime(1);
      await eachDoor(async (ask) => {
        const answered: string[] = [];
        const wellFormed = [fresh(), fresh(stranger)].map((token) =>
          present(ask, token).finally(() => answered.push(token)),
        );
        for (const token of ['nonsense', issue(known, { exp: 1 }), issue(known, { aud: 'other' })])
          expect(await present(ask, token)).toMatchObject(refused);
        expect(await ask({ path: LIST })).toMatchObject(refused);
        if (fault === neverAnswers) expect(answered).toEqual([]);
        expect(await Promise.all(wellFormed)).toMatchObject([notJudged, notJudged]);
        expect(await ask({ path: '/readyz' })).toMatchObject(notReady);
        expect(await ask({ path: '/healthz' })).toMatchObject({ status: 200 });
      });
    },
  );

  test('a fetch is begun once a second at most, however many tokens there are to judge', async () => {
    keyServer.respond(resets);
    doors.passTime(1);
    const fetches = await fetchesOf(() =>
      eachDoor(async (ask) => expect(await flood(ask, unknownKids())).toEqual(new Set([503]))),
    );
    expect(fetches.count).toBeGreaterThanOrEqual(2);
    expect(fetches.count).toBeLessThanOrEqual(2 * (1 + fetches.seconds));
  });

  test('keys are had a second after the endpoint has come back', async () => {
    keyServer.respond(serveKeys(known.jwk));
    doors.passTime(1);
    await expectEach(fresh(), taken);
    await expectEach(fresh(stranger), refused);
    await eachDoor((ask) => until(async () => (await ask({ path: '/readyz' })).status === 200));
  });
});

describe('once keys have been had,', () => {
  /** Both doors have these keys and no others. */
  const renew = (...keys: readonly unknown[]) => {
    keyServer.respond(serveKeys(...keys));
    doors.passTime(10);
    // A kid that is unknown waits for the fetch.
    return expectEach(fresh(stranger), refused);
  };

  beforeAll(() => start(serveKeys(known.jwk, removed.jwk)));
  afterAll(stop);

  test('which is before either door is ready, tokens are judged without a fetch', async () => {
    for (const ask of both) expect(await ask({ path: '/readyz' })).toMatchObject(ready);
    expect(keyServer.requests).toHaveLength(2);
    await expectEach(fresh(), taken);
    await expectEach(fresh(stranger), refused);
    expect(keyServer.requests).toHaveLength(2);
  });

  test('a key that was added is honoured 10 s after the last fetch began', async () => {
    await renew(known.jwk);
    keyServer.respond(serveKeys(known.jwk, added.jwk));
    await expectEach(fresh(added), refused);
    doors.passTime(10);
    await expectEach(fresh(added), taken);
    await expectEach(fresh(), taken);
  });

  test('a key that was removed is refused after the next fetch, also for a token that was taken before', async () => {
    await renew(known.jwk, removed.jwk);
    const seenBefore = fresh(removed);
    await expectEach(seenBefore, taken);
    await renew(known.jwk);
    await expectEach(seenBefore, refused);
    await expectEach(fresh(removed), refused);
  });

  test('a key that replaced another under its kid is honoured, and the other is refused, also for a token that was taken before', async () => {
    await renew(known.jwk);
    const seenBefore = fresh();
    await expectEach(seenBefore, taken);
    keyServer.respond(serveKeys(replacement.jwk));
    doors.passTime(10);
    await eachDoor((ask) => until(async () => (await present(ask, fresh(replacement))).status === 200));
    await expectEach(seenBefore, refused);
    await expectEach(fresh(), refused);
  });

  test('they are fetched again in the background after 5 minutes, and a removed key goes though nobody asks for another', async () => {
    await renew(known.jwk, removed.jwk);
    const seenBefore = fresh(removed);
    await expectEach(seenBefore, taken);
    keyServer.respond(serveKeys(known.jwk));
    doors.passTime(240);
    expect(await fetchesOf(() => expectEach(seenBefore, taken))).toMatchObject({ count: 0 });
    doors.passTime(60);
    await eachDoor((ask) => until(async () => (await present(ask, seenBefore)).status === 401));
    await expectEach(fresh(removed), refused);
    await expectEach(fresh(), taken);
  });

  test.each(faults)(
    'nothing changes, and a known key waits for nothing, where later the endpoint %s',
    async (_, fault) => {
      await renew(known.jwk, removed.jwk);
      const seenBefore = fresh();
      await expectEach(seenBefore, taken);
      keyServer.respond(fault);
      doors.passTime(300);
      const fetches = await fetchesOf(() =>
        eachDoor(async (ask) => {
          const answered: string[] = [];
          const unknown = present(ask, fresh(added)).finally(() => answered.push('unknown'));
          for (const token of [seenBefore, fresh()]) expect(await present(ask, token)).toMatchObject(taken);
          if (fault === neverAnswers) expect(answered).toEqual([]);
          expect(await unknown).toMatchObject(refused);
          for (const token of [seenBefore, fresh(), fresh(removed)])
            expect(await present(ask, token)).toMatchObject(taken);
          expect(await ask({ path: '/readyz' })).toMatchObject(ready);
        }),
      );
      expect(fetches.count).toBeGreaterThanOrEqual(2);
      expect(elsewhere.requests).toEqual([]);
    },
  );

  test.each<[string, RequestListener]>([
    ['up', serveKeys(known.jwk)],
    ['down', resets],
  ])(
    'a fetch is begun once in 10 s at most, however many tokens name unknown keys or are badly signed, while the endpoint is %s',
    async (_, listener) => {
      await renew(known.jwk);
      keyServer.respond(listener);
      doors.passTime(10);
      const bad = [...unknownKids(), ...many(25, () => fresh(replacement))];
      const fetches = await fetchesOf(() =>
        eachDoor(async (ask) => {
          const floods = [
            flood(ask, bad),
            flood(
              ask,
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
    /** With an exponent of 1 a signature is the block that it proves: nobody needs a key to make one. */
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

    // Unfit ones are in front of the good ones and behind them.
    beforeAll(() =>
      renew(...unfit, { ...known.jwk, use: 'sig', alg: 'RS256' }, second.jwk, unmarked.jwk, ...unfit.toReversed()),
    );

    test.each([
      ['is marked for it', issue(known)],
      ['shares its kid', issue(second)],
      ['is not marked', issue(unmarked)],
    ])('a good key is honoured that %s', (_, token) => expectEach(token, taken));

    test.each([
      ['of 1024 bits', issue(weak)],
      ['of 1024 bits, with the kid of a good one', issue(hidden)],
      ['with the exponent 1', byExponent1('exponent')],
      ['with the exponent 1, and the kid of a good one', byExponent1('known')],
      ['for encryption', issue(encrypting)],
      ['for encryption, with the kid of a good one', issue(stranger, {}, { kid: 'known' })],
      ['for RS512', issue(other)],
      ['of a kind in small letters', issue(small)],
      ['with a number for a kid', issue(numbered)],
      ['without a kid', issue(nameless, {}, { kid: undefined })],
      ['without a kid, where the token has an empty one', issue(nameless)],
      ['on a curve', onCurve('ES256')],
      ['on a curve, for a token that says RS256', onCurve('RS256')],
      ['that is a secret', bySecret('HS256')],
      ['that is a secret, for a token that says RS256', bySecret('RS256')],
    ])('none is honoured %s', (_, token) => expectEach(token, refused));
  });
});

test('a removed key is refused in the second invocation of a function that is frozen in between', async () => {
  await start(serveKeys(known.jwk, removed.jwk));
  const seenBefore = fresh(removed);
  await expectEach(seenBefore, taken);
  let isFrozen = false;
  keyServer.respond((request, response) => {
    // A function that is frozen loses what arrives meanwhile.
    const respond = () => (isFrozen ? response.destroy() : serveKeys(known.jwk)(request, response));
    setTimeout(respond, 50);
  });
  doors.passTime(600);
  const [, invoke] = both;
  if (!invoke) throw new Error('there is no handler');
  expect(await present(invoke, seenBefore)).toMatchObject(taken);
  isFrozen = true;
  doors.passTime(600);
  expect(await present(invoke, seenBefore)).toMatchObject(refused);
  await stop();
});
