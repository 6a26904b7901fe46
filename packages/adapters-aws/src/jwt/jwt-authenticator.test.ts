import { constants, createHmac, generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { parseUserId } from '@jobs-api/core';
import { verifyJwtSync } from 'aws-jwt-verify/jwt-verifier';
import { RemoteJwks } from './jwks.ts';
import { cognitoUserPool } from './cognito.ts';
import { JwtAuthenticator, type JwtAuthenticatorOptions } from './jwt-authenticator.ts';

const NOW = 1_700_000_000;
const LEEWAY = 30;
const ISSUER = 'https://issuer.example';

const newPair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const [ours, theirs] = [newPair(), newPair()];
const jwkOf = (key: KeyObject, kid: string): JsonWebKey => ({ ...key.export({ format: 'jwk' }), kid });

const oidc = { mode: 'oidc', issuer: ISSUER, audience: ['jobs', 'jobs-2'], userIdClaim: 'sub' } as const;
const claims = { iss: ISSUER, aud: 'jobs', sub: 'alice', iat: NOW - 60, exp: NOW + 60 };
const header = { alg: 'RS256', kid: 'ours' };

const encode = (value: string | Uint8Array) => Buffer.from(value).toString('base64url');
const encodeJson = (value: unknown) => encode(JSON.stringify(value));
const rs256 = (input: string, key: KeyObject = ours.privateKey) => encode(sign('sha256', Buffer.from(input), key));
const seal = (input: string, signature = rs256(input)) => `${input}.${signature}`;
/** A token that the issuer has signed, with changes. `undefined` removes a field. */
const issue = (payloadChanges: object = {}, headerChanges: object = {}) =>
  seal(`${encodeJson({ ...header, ...headerChanges })}.${encodeJson({ ...claims, ...payloadChanges })}`);
const withPayload = (octets: string | Uint8Array) => seal(`${encodeJson(header)}.${encode(octets)}`);
const withHeader = (octets: string | Uint8Array) => seal(`${encode(octets)}.${encodeJson(claims)}`);

type FetchText = (uri: string) => Promise<string>;
let endpoint: FetchText;
let time: number;
let keys: RemoteJwks;
const fetched = jest.fn<FetchText>();
const serveKeys =
  (...set: unknown[]): FetchText =>
  async () =>
    JSON.stringify({ keys: set });
const down: FetchText = async () => {
  throw new Error('connect ECONNREFUSED 127.0.0.1:1');
};

beforeEach(() => {
  time = NOW;
  jest.spyOn(Date, 'now').mockImplementation(() => time * 1000);
  endpoint = serveKeys(jwkOf(ours.publicKey, 'ours'));
  fetched.mockReset().mockImplementation((...parameters) => endpoint(...parameters));
  keys = new RemoteJwks('https://issuer.example/jwks.json', { fetchText: fetched });
});

afterEach(() => {
  jest.restoreAllMocks();
});

const authenticate = (token: string | undefined, rules: JwtAuthenticatorOptions = oidc) =>
  new JwtAuthenticator(keys, rules).authenticate(token);

const expectRefusal = async (call: Promise<unknown>, message: string, token = '') => {
  const error: unknown = await call.then(
    () => new Error('the token was accepted'),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'UNAUTHORIZED', message });
  // The message, the stack, a cause and whatever else a log would show.
  const shown = inspect(error, { depth: Infinity, showHidden: true });
  for (const segment of token.split('.')) if (segment.length > 3) expect(shown).not.toContain(segment);
  expect(shown).not.toContain('alice');
};

describe('a valid token', () => {
  test('proves its user id', async () => {
    expect(await authenticate(issue())).toBe('alice');
  });

  test.each([
    ['one audience', { aud: 'jobs-2' }],
    ['ours among several audiences', { aud: ['other', 'jobs'] }],
    ['no iat and no nbf', { iat: undefined }],
    ['fractions of seconds', { exp: NOW + 0.5, nbf: NOW - 0.5 }],
    ['claims of its own', { email: 'a@example.com', groups: ['x'], token_use: 'access' }],
  ])('is accepted with %s', async (_, changes) => {
    expect(await authenticate(issue(changes))).toBe('alice');
  });

  test.each([
    ['a typ', { typ: 'at+jwt' }],
    ['the address of other keys', { jku: 'https://evil.example/jwks.json', x5u: 'https://evil.example/cert' }],
    ['other keys', { jwk: jwkOf(theirs.publicKey, 'ours'), x5c: ['MIIB'] }],
  ])('is accepted with %s in its header, which is not followed', async (_, changes) => {
    expect(await authenticate(issue({}, changes))).toBe('alice');
    expect(fetched.mock.calls.map(([uri]) => uri)).toEqual(['https://issuer.example/jwks.json']);
  });

  test.each(['Zoë 雪', 'auth0|1', '😀', '%2F', 'a'.repeat(128)])('may have the user id %j', async (sub) => {
    expect(await authenticate(issue({ sub }))).toBe(sub);
  });

  test('has its user id in the configured claim', async () => {
    const rules = { ...oidc, userIdClaim: 'cognito:username' };
    expect(await authenticate(issue({ 'cognito:username': 'bob' }), rules)).toBe('bob');
    await expectRefusal(authenticate(issue(), rules), 'the user id is missing, too long or not fit for a key');
  });

  test('is accepted however deep its claims are', async () => {
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
    expect(await authenticate(withPayload(`${JSON.stringify(claims).slice(0, -1)},"deep":${deep}}`))).toBe('alice');
  });

  test('is accepted at 15 KB', async () => {
    expect(await authenticate(issue({ groups: 'x'.repeat(11_000) }))).toBe('alice');
  });
});

const malformed = 'the token is malformed';
const encoding = 'the token is not strictly encoded';
const algorithm = 'the token is not signed with RS256';
const nameless = 'the token names no key';
const critical = 'the token demands extensions';
const expired = 'the token has expired';
const early = 'the token is not valid yet';
const issuer = 'the token is of another issuer';
const audience = 'the token is for another audience';
const userId = 'the user id is missing, too long or not fit for a key';
const unknownKey = 'the token names a key that its issuer does not have';
const signature = 'the signature does not match';

const good = () => issue();
const [goodHeader = '', goodPayload = '', goodSignature = ''] = good().split('.');
/**
 * The same octets: the last of the characters that encode 256 octets carries two bits, and the other four are ignored.
 */
const respell = (spelled = '') => spelled.slice(0, -1) + String.fromCharCode(spelled.charCodeAt(341) + 1);

const atFaultWithoutAKey: [string, string, string][] = [
  ['nothing in it', '', encoding],
  ['one segment', goodHeader, encoding],
  ['two segments', `${goodHeader}.${goodPayload}`, encoding],
  ['four segments', `${good()}.${goodSignature}`, encoding],
  ['the five segments of an encrypted token', `${good()}.AAAA.AAAA`, encoding],
  ['an empty header', `.${goodPayload}.${goodSignature}`, malformed],
  ['an empty payload', `${goodHeader}..${goodSignature}`, malformed],
  ['no signature', `${goodHeader}.${goodPayload}.`, malformed],
  ['a padded signature', `${good()}==`, encoding],
  ['a padded payload', seal(`${goodHeader}.${goodPayload}=`), encoding],
  ['another spelling of its signature', `${goodHeader}.${goodPayload}.${respell(goodSignature)}`, encoding],
  ['the alphabet of plain base64', `${goodHeader}.${goodPayload}.${goodSignature.slice(0, -4)}+/AA`, encoding],
  ['a space in front', ` ${good()}`, encoding],
  ['a line break at its end', `${good()}\n`, encoding],
  ['a space inside', `${goodHeader}. ${goodPayload}.${goodSignature}`, encoding],
  ['a NUL', `${good()}\0`, encoding],
  ['a scheme', `Bearer ${good()}`, encoding],
  ['quotes', `"${good()}"`, encoding],
  ['letters beyond ASCII', `${good()}é`, encoding],

  ['a header that is not JSON', withHeader('alice'), malformed],
  ['a header that is a list', withHeader('[{"alg":"RS256","kid":"ours"}]'), malformed],
  ['a header that is null', withHeader('null'), malformed],
  ['a header that is a string', withHeader('"RS256"'), malformed],
  ['a header with a byte order mark', withHeader(`\ufeff${JSON.stringify(header)}`), malformed],
  [
    'a header that is not UTF-8',
    withHeader(Buffer.from(`${JSON.stringify(header).slice(0, -1)},"x":"\xff"}`, 'latin1')),
    encoding,
  ],
  ['no algorithm', issue({}, { alg: undefined }), algorithm],
  ['the algorithm none', issue({}, { alg: 'none' }), algorithm],
  ['the algorithm None', issue({}, { alg: 'None' }), algorithm],
  ['the algorithm HS256', issue({}, { alg: 'HS256' }), algorithm],
  ['the algorithm RS384', issue({}, { alg: 'RS384' }), algorithm],
  ['the algorithm RS512', issue({}, { alg: 'RS512' }), algorithm],
  ['the algorithm PS256', issue({}, { alg: 'PS256' }), algorithm],
  ['the algorithm ES256', issue({}, { alg: 'ES256' }), algorithm],
  ['the algorithm rs256', issue({}, { alg: 'rs256' }), algorithm],
  ['an algorithm that is a list', issue({}, { alg: ['RS256'] }), malformed],
  ['no kid', issue({}, { kid: undefined }), nameless],
  ['a kid that is null', issue({}, { kid: null }), malformed],
  ['a kid that is a number', issue({}, { kid: 1 }), malformed],
  ['an unknown critical extension', issue({}, { crit: ['alice'], alice: 1 }), critical],
  ['an unencoded payload', issue({}, { crit: ['b64'], b64: false }), critical],
  ['an empty crit', issue({}, { crit: [] }), critical],
  ['a crit that is null', issue({}, { crit: null }), critical],

  ['a payload that is not JSON', withPayload('alice'), malformed],
  ['a payload that is truncated', withPayload(JSON.stringify(claims).slice(0, -1)), malformed],
  ['a payload that is a list', withPayload(JSON.stringify([claims])), malformed],
  ['a payload that is null', withPayload('null'), malformed],
  ['a payload that is a number', withPayload('1'), malformed],
  [
    'a payload that is not UTF-8',
    withPayload(Buffer.from(JSON.stringify({ ...claims, sub: 'Zo\xeb' }), 'latin1')),
    encoding,
  ],
  [
    'a payload that is nothing but deep',
    withPayload(`{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
    'the token does not expire',
  ],

  ['no exp', issue({ exp: undefined }), 'the token does not expire'],
  ['an exp that is null', issue({ exp: null }), malformed],
  ['an exp that is a string', issue({ exp: String(NOW + 60) }), malformed],
  ['an infinite exp', withPayload(JSON.stringify(claims).replace(String(NOW + 60), '1e999')), malformed],
  ['an exp an hour ago', issue({ exp: NOW - 3600 }), expired],
  ['an exp of 0', issue({ exp: 0 }), expired],
  ['an exp beyond any date', issue({ exp: -1e300 }), malformed],
  ['an nbf in an hour', issue({ nbf: NOW + 3600 }), early],
  ['an nbf beyond any date', issue({ nbf: 1e300 }), malformed],
  ['an nbf that is a string', issue({ nbf: String(NOW) }), malformed],
  ['an nbf that is null', issue({ nbf: null }), malformed],
  ['no issuer', issue({ iss: undefined }), issuer],
  ['another issuer', issue({ iss: 'https://alice.example' }), issuer],
  ['an issuer that ours is the beginning of', issue({ iss: `${ISSUER}.alice` }), issuer],
  ['the issuer with a slash', issue({ iss: `${ISSUER}/` }), issuer],
  ['the issuer in capitals', issue({ iss: ISSUER.toUpperCase() }), issuer],
  ['a list of issuers', issue({ iss: [ISSUER] }), malformed],
  ['no audience', issue({ aud: undefined }), audience],
  ['a client id instead of an audience', issue({ aud: undefined, client_id: 'jobs' }), audience],
  ['another audience', issue({ aud: 'alice' }), audience],
  ['no audience in a list', issue({ aud: [] }), audience],
  ['other audiences', issue({ aud: ['alice', 'job'] }), audience],
  ['an empty audience', issue({ aud: '' }), audience],
  ['an audience that is a number', issue({ aud: 5 }), malformed],
  ['a number among the audiences', issue({ aud: ['jobs', 5] }), malformed],
  ['no user id', issue({ sub: undefined }), userId],
  ['an empty user id', issue({ sub: '' }), userId],
  ['a user id that is a path', issue({ sub: 'bob/../alice' }), userId],
  ['a user id of two dots', issue({ sub: '..' }), userId],
  ['a user id with a line break', issue({ sub: 'alice\n' }), userId],
  ['a user id with half a surrogate pair', issue({ sub: 'alice\ud800' }), userId],
  ['a user id of 129 characters', issue({ sub: 'a'.repeat(129) }), userId],
  ['a user id that is a number', issue({ sub: 7 }), malformed],
  ['a user id that is a list', issue({ sub: ['alice'] }), malformed],
];

describe('an invalid token, whatever the keys', () => {
  test.each(atFaultWithoutAKey)('is rejected with %s, and no key is fetched', async (_, token, reason) => {
    await expectRefusal(authenticate(token), reason, token);
    expect(fetched).not.toHaveBeenCalled();
  });

  test.each(atFaultWithoutAKey)(
    'is rejected with %s, also while the keys cannot be fetched',
    async (_, token, reason) => {
      endpoint = down;
      await expectRefusal(authenticate(token), reason, token);
    },
  );

  test.each([
    ['two segments', `${goodHeader}.${goodPayload}`],
    ['four segments', `${good()}.${goodSignature}`],
    ['a space in front', ` ${good()}`],
    ['a padded signature', `${good()}==`],
    ['the alphabet of plain base64', `${goodHeader}.${goodPayload}.${goodSignature.slice(0, -4)}+/AA`],
  ])('is rejected with %s before it is hashed and looked up in the cache', async (_, token) => {
    const authenticator = new JwtAuthenticator(keys, oidc);
    await expectRefusal(authenticator.authenticate(token), encoding, token);
    expect(authenticator.cacheStats).toEqual({ hits: 0, misses: 0, size: 0 });
  });

  test('is rejected if it is missing', async () => {
    await expectRefusal(authenticate(undefined), 'there is no token');
  });

  test('is rejected without a stack trace, and later errors have one', async () => {
    const limit = Error.stackTraceLimit;
    const error: unknown = await authenticate('garbage').catch((error: unknown) => error);
    expect((error as Error).stack).not.toContain('\n');
    expect(Error.stackTraceLimit).toBe(limit);
    expect(new Error('later').stack).toContain('\n');
  });

  test.each(['constructor', '__proto__', 'toString', ''])('has no user id in the claim %j', async (userIdClaim) => {
    await expectRefusal(authenticate(issue(), { ...oidc, userIdClaim }), userId);
  });
});

const signingInput = `${goodHeader}.${goodPayload}`;
const octets = Buffer.from(goodSignature, 'base64url');
const secret = ours.publicKey.export({ type: 'spki', format: 'pem' });
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const badlySigned: [string, string, string][] = [
  ['by another key', seal(signingInput, rs256(signingInput, theirs.privateKey)), signature],
  ['by a key of another kind', seal(signingInput, rs256(signingInput, curve.privateKey)), signature],
  [
    'by a key that it brings along',
    (() => {
      const input = `${encodeJson({ ...header, jwk: jwkOf(theirs.publicKey, 'ours') })}.${goodPayload}`;
      return seal(input, rs256(input, theirs.privateKey));
    })(),
    signature,
  ],
  ['for another payload', `${goodHeader}.${encodeJson({ ...claims, sub: 'bob' })}.${goodSignature}`, signature],
  ['for another header', `${encodeJson({ ...header, typ: 'JWT' })}.${goodPayload}.${goodSignature}`, signature],
  ['with SHA-512', seal(signingInput, encode(sign('sha512', Buffer.from(signingInput), ours.privateKey))), signature],
  ['with SHA-1', seal(signingInput, encode(sign('sha1', Buffer.from(signingInput), ours.privateKey))), signature],
  [
    'with PSS',
    seal(
      signingInput,
      encode(
        sign('sha256', Buffer.from(signingInput), {
          key: ours.privateKey,
          padding: constants.RSA_PKCS1_PSS_PADDING,
        }),
      ),
    ),
    signature,
  ],
  [
    'with the public key as a shared secret',
    seal(signingInput, createHmac('sha256', secret).update(signingInput).digest('base64url')),
    signature,
  ],
  ['with zeros', seal(signingInput, encode(Buffer.alloc(256))), signature],
  ['with a signature that is cut short', seal(signingInput, encode(octets.subarray(0, -1))), signature],
  ['with a signature that is longer', seal(signingInput, encode(Buffer.concat([octets, Buffer.alloc(1)]))), signature],
  ['with a signature of one octet', seal(signingInput, 'AA'), signature],
  [
    'with a signature of one bit more',
    seal(signingInput, encode(octets.map((octet, index) => (index === 9 ? octet ^ 1 : octet)))),
    signature,
  ],
  ['by a key that the issuer does not have', issue({}, { kid: 'alice' }), unknownKey],
  ['by a key with an empty kid', issue({}, { kid: '' }), unknownKey],
  ['by a key whose kid is __proto__', issue({}, { kid: '__proto__' }), unknownKey],
];

describe('a well-formed token', () => {
  test.each(badlySigned)('is rejected if it is signed %s', async (_, token, reason) => {
    await expectRefusal(authenticate(token), reason, token);
  });

  test.each(badlySigned)('cannot be verified while the keys cannot be fetched: signed %s', async (_, token) => {
    endpoint = down;
    await expect(authenticate(token)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('cannot be verified while the keys cannot be fetched, though it is valid', async () => {
    endpoint = down;
    await expect(authenticate(good())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      cause: { message: 'connect ECONNREFUSED 127.0.0.1:1' },
    });
    await expect(new JwtAuthenticator(keys, oidc).check()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('is rejected if any character is changed', async () => {
    await keys.check();
    const token = good();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= ';
    const change = fc.record({ at: fc.nat(token.length - 1), to: fc.constantFrom(...Array.from(alphabet)) });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, to }) => {
        fc.pre(token[at] !== to);
        const changed = token.slice(0, at) + to + token.slice(at + 1);
        await expect(authenticate(changed)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
      }),
      { numRuns: 500 },
    );
  });

  test('is never an unexpected error, whatever it contains', async () => {
    await keys.check();
    const json = fc.json().map(encode);
    const anything = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.tuple(json, json, json).map((segments) => segments.join('.')),
    );
    const payload = fc
      .dictionary(fc.constantFrom('iss', 'aud', 'sub', 'exp', 'nbf', 'iat', 'scope', 'jti'), fc.jsonValue())
      .map((changes) => issue(changes));
    await fc.assert(
      fc.asyncProperty(fc.oneof(anything, payload), async (token) => {
        const outcome = await authenticate(token).catch((error: unknown) => (error as { code?: string }).code);
        expect(['UNAUTHORIZED', 'alice', ...userIdsIn(token)]).toContain(outcome);
      }),
    );
  });

  test('is accepted exactly if the library accepts it, whatever its fields contain', async () => {
    await keys.check();
    const fields = ['iss', 'aud', 'sub', 'exp', 'nbf', 'iat', 'scope', 'jti', 'email'];
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(ISSUER, 'jobs', ['jobs'], NOW, NOW + 60, null));
    const changes = fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 3 });
    const headerChanges = fc.dictionary(fc.constantFrom('typ', 'cty', 'jku'), value, { maxKeys: 1 });
    const jwk = { ...ours.publicKey.export({ format: 'jwk' }), kty: 'RSA' } as const;
    const rules = { issuer: ISSUER, audience: [...oidc.audience], graceSeconds: LEEWAY };
    const byLibrary = (token: string): unknown => {
      try {
        return parseUserId(verifyJwtSync(token, jwk, rules).sub);
      } catch {
        return 'UNAUTHORIZED';
      }
    };
    await fc.assert(
      fc.asyncProperty(changes, headerChanges, async (payloadChanges, more) => {
        const token = issue(payloadChanges, more);
        const outcome = await authenticate(token).catch((error: unknown) => (error as { code?: string }).code);
        expect(outcome).toBe(byLibrary(token));
      }),
      { numRuns: 500 },
    );
  });
});

const userIdsIn = (token: string): unknown[] => {
  try {
    return [(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub?: unknown }).sub];
  } catch {
    return [];
  }
};

describe('a token that is presented again', () => {
  const reason = new Error('enough');
  let authenticator: JwtAuthenticator;
  let verified: jest.Spied<RemoteJwks['get']>;
  const again = () => authenticator.authenticate(token);
  const token = issue({ exp: NOW + 3_600 });

  beforeEach(async () => {
    await keys.check();
    authenticator = new JwtAuthenticator(keys, oidc);
    verified = jest.spyOn(keys, 'get');
    expect(await again()).toBe('alice');
  });

  test('is not verified again', async () => {
    expect(await again()).toBe('alice');
    expect(verified).toHaveBeenCalledTimes(1);
  });

  test('is counted: first a miss, then hits; invalid ones are misses and are not cached', async () => {
    expect(authenticator.cacheStats).toEqual({ hits: 0, misses: 1, size: 1 });
    await again();
    await again();
    await expect(authenticator.authenticate(`${token}x`)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(authenticator.cacheStats).toEqual({ hits: 2, misses: 2, size: 1 });
  });

  test('is verified again for other rules', async () => {
    authenticator = new JwtAuthenticator(keys, { ...oidc, audience: ['others'] });
    await expectRefusal(again(), audience, token);
  });

  test('is not taken for another of the same user, nor for an invalid one', async () => {
    const other = issue({ sub: 'bob' });
    expect(await authenticator.authenticate(other)).toBe('bob');
    const [[head, payload, proof], [, otherPayload, otherProof]] = [token.split('.'), other.split('.')];
    for (const bad of [
      `${head}.${payload}.${otherProof}`,
      `${head}.${otherPayload}.${proof}`,
      `${encodeJson({ ...header, typ: 'JWT' })}.${payload}.${proof}`,
      `${head}.${payload}.${respell(proof)}`,
      `${token}=`,
    ])
      await expect(authenticator.authenticate(bad)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await again()).toBe('alice');
  });

  test('is verified again if it was rejected', async () => {
    const input = `${encodeJson({ ...header, kid: 'theirs' })}.${goodPayload}`;
    const refused = seal(input, rs256(input, theirs.privateKey));
    await expectRefusal(authenticator.authenticate(refused), unknownKey, refused);
    endpoint = serveKeys(jwkOf(ours.publicKey, 'ours'), jwkOf(theirs.publicKey, 'theirs'));
    time += 10;
    expect(await authenticator.authenticate(refused)).toBe('alice');
  });

  test('rejects with the reason of a signal that has aborted', async () => {
    await expect(authenticator.authenticate(token, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('starts a fetch of old keys in the background, and does not wait for it', async () => {
    endpoint = () => new Promise(() => undefined);
    time += 300;
    expect(await again()).toBe('alice');
    expect(fetched).toHaveBeenCalledTimes(2);
    expect(verified).toHaveBeenCalledTimes(1);
  });

  test.each<[string, FetchText, string | undefined]>([
    ['the same keys', serveKeys(jwkOf(ours.publicKey, 'ours'), null), undefined],
    ['no keys', serveKeys(), undefined],
    ['another key in place of its own', serveKeys(jwkOf(theirs.publicKey, 'ours')), signature],
    ['other keys than its own', serveKeys(jwkOf(theirs.publicKey, 'theirs')), unknownKey],
  ])('is valid or not as at its first use, after a fetch that returned %s', async (_, set, refusal) => {
    endpoint = set;
    time += 300;
    expect(await again()).toBe('alice');
    await keys.get('nobody');
    verified.mockClear();
    if (refusal === undefined) expect(await again()).toBe('alice');
    else await expectRefusal(again(), refusal, token);
    expect(verified).toHaveBeenCalledTimes(refusal === undefined ? 0 : 1);
  });

  test('is verified again, and valid, when a key was added', async () => {
    endpoint = serveKeys(jwkOf(ours.publicKey, 'ours'), jwkOf(theirs.publicKey, 'theirs'));
    time += 300;
    await again();
    await keys.get('nobody');
    verified.mockClear();
    expect(await again()).toBe('alice');
    expect(verified).toHaveBeenCalledTimes(1);
  });
});

describe('a token', () => {
  test.each([
    ['is valid until 30 s after its exp', { exp: NOW }, NOW + LEEWAY, NOW + LEEWAY + 0.001, expired],
    ['is valid from 30 s before its nbf on', { nbf: NOW }, NOW - LEEWAY, NOW - LEEWAY - 0.001, early],
  ])('%s, and not otherwise', async (_, changes, lastGood, firstBad, reason) => {
    const token = issue(changes);
    time = lastGood;
    expect(await authenticate(token)).toBe('alice');
    time = firstBad;
    await expectRefusal(authenticate(token), reason, token);
  });

  test('expires if it was accepted before, too', async () => {
    const authenticator = new JwtAuthenticator(keys, oidc);
    const token = good();
    expect(await authenticator.authenticate(token)).toBe('alice');
    time = claims.exp + LEEWAY + 1;
    await expectRefusal(authenticator.authenticate(token), expired, token);
  });

  test('is not valid yet if the clock is set back, even if it was accepted before', async () => {
    const authenticator = new JwtAuthenticator(keys, oidc);
    const token = issue({ nbf: NOW });
    expect(await authenticator.authenticate(token)).toBe('alice');
    time = NOW - LEEWAY - 1;
    await expectRefusal(authenticator.authenticate(token), early, token);
  });
});

describe('a key', () => {
  const replaced = jwkOf(theirs.publicKey, 'ours');
  const byTheirs = seal(signingInput, rs256(signingInput, theirs.privateKey));

  test('that was replaced under the same kid is used, and the old one no longer is', async () => {
    expect(await authenticate(good())).toBe('alice');
    endpoint = serveKeys(replaced);
    time += 10;
    // The key is known, so the token does not wait: the first one is rejected while the keys are fetched again.
    await expectRefusal(authenticate(byTheirs), signature, byTheirs);
    await keys.get('nobody');
    expect(await authenticate(byTheirs)).toBe('alice');
    await expectRefusal(authenticate(good()), signature, good());
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  test('is fetched once in 10 s at most, however many signatures do not match', async () => {
    await keys.check();
    for (let step = 0; step < 40; step++, time += 0.5) await expectRefusal(authenticate(byTheirs), signature, byTheirs);
    await keys.get('ours');
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  test('is found among several with the same kid', async () => {
    endpoint = serveKeys(replaced, jwkOf(ours.publicKey, 'ours'));
    expect(await authenticate(good())).toBe('alice');
    expect(await authenticate(byTheirs)).toBe('alice');
  });

  test('is ready if it can be fetched', async () => {
    await new JwtAuthenticator(keys, oidc).check();
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  test('can be waited for while it is fetched', async () => {
    const authenticator = new JwtAuthenticator(keys, oidc);
    expect(authenticator.fetchingKeys).toBeUndefined();
    keys.refresh();
    expect(authenticator.fetchingKeys).toBe(keys.fetching);
    expect(authenticator.fetchingKeys).toBeDefined();
    await authenticator.fetchingKeys;
    expect(authenticator.fetchingKeys).toBeUndefined();
  });
});

describe('a caller’s signal', () => {
  const reason = new Error('enough');

  test('that has aborted rejects with its reason, whatever the token', async () => {
    const authenticator = new JwtAuthenticator(keys, oidc);
    const signal = AbortSignal.abort(reason);
    for (const token of [good(), 'nonsense', undefined])
      await expect(authenticator.authenticate(token, { signal })).rejects.toBe(reason);
    await expect(authenticator.check({ signal })).rejects.toBe(reason);
    expect(fetched).not.toHaveBeenCalled();
  });

  test('ends the wait for keys', async () => {
    endpoint = () => new Promise(() => undefined);
    const caller = new AbortController();
    const call = expect(new JwtAuthenticator(keys, oidc).authenticate(good(), caller)).rejects.toBe(reason);
    caller.abort(reason);
    await call;
  });
});

describe('a token of a Cognito user pool', () => {
  const pool = 'eu-west-1_AbCdEfGhI';
  const original = `https://cognito-idp.eu-west-1.amazonaws.com/${pool}`;
  const updated = `https://issuer-cognito-idp.eu-west-1.amazonaws.com/${pool}`;
  const rules = (tokenUse: 'id' | 'access' | 'any') =>
    ({ mode: 'cognito', userPoolId: pool, clientIds: ['app', 'app-2'], tokenUse, userIdClaim: 'sub' }) as const;
  const idToken = (changes: object = {}) => issue({ iss: original, aud: 'app', token_use: 'id', ...changes });
  const accessToken = (changes: object = {}) =>
    issue({ iss: original, aud: undefined, client_id: 'app', token_use: 'access', ...changes });

  test('is of the pool’s original or updated issuer, with keys at the original one', () => {
    expect(cognitoUserPool(pool)).toEqual({
      issuers: [original, updated],
      jwksUri: `${original}/.well-known/jwks.json`,
    });
  });

  test.each(['', 'pool', 'eu-west-1', 'eu-west-1_', 'eu-west-1_a/b', '_AbC', `${pool}\n`])(
    'is not of a pool with the invalid id %j',
    (id) => {
      expect(() => cognitoUserPool(id)).toThrow();
      expect(() => new JwtAuthenticator(keys, { ...rules('id'), userPoolId: id })).toThrow();
    },
  );

  test.each([
    ['an id token', 'id', idToken()],
    ['an id token for another client of ours', 'id', idToken({ aud: 'app-2' })],
    ['an id token of the updated issuer', 'id', idToken({ iss: updated })],
    ['an access token', 'access', accessToken()],
    ['an access token for another client of ours', 'access', accessToken({ client_id: 'app-2' })],
    ['an id token among any', 'any', idToken()],
    ['an access token among any', 'any', accessToken()],
  ] as const)('is accepted if it is %s', async (_, tokenUse, token) => {
    expect(await authenticate(token, rules(tokenUse))).toBe('alice');
  });

  const use = 'the token is for another use';
  const client = 'the token is for another client';
  test.each([
    ['an access token in place of an id token', 'id', accessToken(), use],
    ['an id token in place of an access token', 'access', idToken(), use],
    ['a token without a use', 'any', idToken({ token_use: undefined }), use],
    ['a token of an unknown use', 'any', idToken({ token_use: 'refresh' }), use],
    ['a token of two uses', 'any', idToken({ token_use: ['id', 'access'] }), use],
    ['an id token for another client', 'id', idToken({ aud: 'alice' }), client],
    ['an id token with a client id only', 'id', idToken({ aud: undefined, client_id: 'app' }), client],
    ['an id token with a list of clients', 'id', idToken({ aud: ['app'] }), client],
    ['an access token for another client', 'access', accessToken({ client_id: 'alice' }), client],
    ['an access token with an audience only', 'access', accessToken({ client_id: undefined, aud: 'app' }), client],
    ['an access token with no client', 'any', accessToken({ client_id: '' }), client],
    ['a token of another pool', 'any', idToken({ iss: original.replace('AbC', 'XyZ') }), issuer],
    ['a token of another region', 'any', idToken({ iss: original.replace('west', 'east') }), issuer],
    ['a token of an issuer that looks alike', 'any', idToken({ iss: `${original}/` }), issuer],
    ['a token that has expired', 'any', idToken({ exp: NOW - 60 }), expired],
    ['a token that does not expire', 'any', idToken({ exp: undefined }), 'the token does not expire'],
  ] as const)('is rejected if it is %s', async (_, tokenUse, token, reason) => {
    await expectRefusal(authenticate(token, rules(tokenUse)), reason, token);
    expect(fetched).not.toHaveBeenCalled();
  });
});

test('no token is accepted if no audience or client is configured', async () => {
  await expectRefusal(authenticate(good(), { ...oidc, audience: [] }), audience);
});
