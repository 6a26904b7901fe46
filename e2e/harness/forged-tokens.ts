import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { HttpRequest } from '@jobs-api/http-express/testing/contracts';
import { cubeRootForgery, forgedBlocks, forgedNumbers, signBlock } from './pkcs1-forgeries.ts';
import {
  AUDIENCE,
  claims,
  encode,
  encodeJson,
  header,
  HOUR,
  issue,
  ISSUER,
  newSigner,
  seal,
  START,
  unsigned,
  type Signer,
} from './tokens.ts';

/** Value of an Authorization header, or all headers and the end of the query. */
export type Presented = string | { readonly headers?: HttpRequest['headers']; readonly query?: string };
export type Forgery = readonly [name: string, presented: Presented];

/** The issuer's key. */
export const ours = newSigner('ours');
/** Another key, with the exponent that makes lenient verifiers easy to deceive. */
export const cubic = newSigner('cubic', { publicExponent: 3 });
/** The forger's key, with the name of the issuer's. */
export const forger = newSigner('ours');

const good = issue(ours);
const [goodHeader = '', goodPayload = '', goodSignature = ''] = good.split('.');
const headerJson = JSON.stringify(header);
const claimsJson = JSON.stringify(claims);

/** Signs any content with the issuer's key. */
const sealed = (input: string) => seal(input, ours.privateKey);
const withHeader = (octets: string | Uint8Array) => sealed(`${encode(octets)}.${goodPayload}`);
const withPayload = (octets: string | Uint8Array) => sealed(`${goodHeader}.${encode(octets)}`);

/** Shortens a value for the title of a test. */
export const show = (value: unknown): string => {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};

/** A row for each value of a claim, or of a field of the header. */
const claimed = (name: string, values: readonly unknown[]): Forgery[] =>
  values.map((value) => [`the ${name} ${show(value)}`, issue(ours, { [name]: value })]);
const headed = (name: string, values: readonly unknown[]): Forgery[] =>
  values.map((value) => [`the ${name} ${show(value)}`, issue(ours, {}, { [name]: value })]);

/** Unsigned, and with the signature of another token. */
const noAlgorithm = ['none', 'nOnE', 'NONE', ''].flatMap((alg): Forgery[] => [
  [`the algorithm ${show(alg)}, unsigned`, `${unsigned({}, { alg })}.`],
  [`the algorithm ${show(alg)}, with another token’s signature`, `${unsigned({}, { alg })}.${goodSignature}`],
]);

const hmac = (input: string, secret: string | Buffer, bits = '256') =>
  `${input}.${createHmac(`sha${bits}`, secret).update(input).digest('base64url')}`;

const pem = ours.publicKey.export({ type: 'spki', format: 'pem' }).toString();
/** Public values that a verifier may take for a shared secret. */
const publicSecrets: [string, string | Buffer][] = [
  ['the PEM', pem],
  ['the PEM without its last line break', pem.trimEnd()],
  ['the DER', ours.publicKey.export({ type: 'spki', format: 'der' })],
  ['n', ours.jwk.n],
  ['the octets of n', Buffer.from(ours.jwk.n, 'base64url')],
  ['the JSON of the key', JSON.stringify(ours.jwk)],
  ['nothing', ''],
];
const sharedSecrets: Forgery[] = [
  ...publicSecrets.map(([name, secret]): Forgery => [
    `HS256 with ${name}`,
    hmac(unsigned({}, { alg: 'HS256' }), secret),
  ]),
  ['HS512 with the PEM', hmac(unsigned({}, { alg: 'HS512' }), pem, '512')],
  ['HS256 with the PEM, called RS256', hmac(unsigned(), pem)],
];

const rsa = ours.privateKey;
const pss = { key: rsa, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const { privateKey: curve } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { privateKey: edwards } = generateKeyPairSync('ed25519');
const signedAs = (alg: string, digest: string | null, key: Parameters<typeof sign>[2]): Forgery => {
  const input = unsigned({}, { alg });
  return [`${alg}, and a signature to match`, `${input}.${encode(sign(digest, Buffer.from(input), key))}`];
};
const otherAlgorithms: Forgery[] = [
  signedAs('RS384', 'sha384', rsa),
  signedAs('RS512', 'sha512', rsa),
  signedAs('PS256', 'sha256', pss),
  signedAs('ES256', 'sha256', { key: curve, dsaEncoding: 'ieee-p1363' }),
  signedAs('EdDSA', null, edwards),
  ...headed('alg', [undefined, null, 256, ['RS256'], 'rs256', 'RS256 ', 'RS512', 'HS256', 'none', 'toString']),
];

const kids = (lure: string): Forgery[] => [
  ...headed('kid', [undefined, null, 1, ['ours'], '', 'OURS', 'ours ', 'unknown', 'cubic', 'k'.repeat(8_192)]),
  ...headed('kid', ['../ours', '../../../../dev/null', 'ours\n', '\r\nX-Injected: 1', 'ours\0', 'ours%00', '$(id)']),
  ...headed('kid', ["ours' OR '1'='1", "' UNION SELECT 'secret'; --", '__proto__', 'constructor']),
  ['the forger’s address for a kid', issue(forger, {}, { kid: `${lure}/jwks.json` })],
];

const certificate = forger.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const keysBroughtAlong = (lure: string) =>
  ['ours', 'theirs'].flatMap((kid): Forgery[] => {
    const brought: [string, object][] = [
      ['the address of the forger’s keys', { jku: `${lure}/jwks.json` }],
      ['that address behind the issuer’s name', { jku: `${lure.replace('//', '//issuer.example@')}/` }],
      ['the address of the forger’s certificate', { x5u: `${lure}/certificate` }],
      ['the forger’s key', { jwk: { ...forger.jwk, kid, use: 'sig', alg: 'RS256' } }],
      ['the forger’s certificate', { x5c: [certificate] }],
      ['the forger’s issuer', { iss: lure, jwks_uri: `${lure}/jwks.json` }],
    ];
    return brought.map(([name, fields]) => [`${name}, and the kid ${kid}`, issue(forger, {}, { kid, ...fields })]);
  });

const times: Forgery[] = [
  ...claimed('exp', [undefined, null, '', '4000000000', 'never', true, [4_000_000_000], 0, -1, -1e300, 1_700_000_000]),
  ['an exp 31 s ago', issue(ours, { exp: START - 31 })],
  ['an infinite exp', withPayload(claimsJson.replace(`"exp":${claims.exp}`, '"exp":1e999'))],
  ...claimed('nbf', ['1700000000', null, true, 4_000_000_000, 1e300]),
  ['an nbf in half an hour', issue(ours, { nbf: START + HOUR / 2 })],
];

const issuers = (lure: string): Forgery[] => [
  ...claimed('iss', [undefined, null, '', [ISSUER], 'https://other.example', 'issuer.example']),
  ...claimed('iss', [`${ISSUER}/`, `${ISSUER}?`, `${ISSUER}.forger.example`, `${ISSUER} `, ISSUER.slice(0, -1)]),
  ...claimed('iss', [ISSUER.toUpperCase(), 'http://issuer.example', 'https://forger@issuer.example']),
  ['the forger’s address for an iss', issue(ours, { iss: lure })],
];

const audiences: Forgery[] = [
  ...claimed('aud', [undefined, null, '', 5, {}, [], ['other'], [[AUDIENCE]], [null, AUDIENCE]]),
  ...claimed('aud', ['other', 'JOBS', 'job', 'jobs2', 'jobs other', 'jobs,other', '*']),
  ['our client_id for an aud', issue(ours, { aud: undefined, client_id: AUDIENCE, azp: AUDIENCE })],
  ['our client_id beside another aud', issue(ours, { aud: 'other', client_id: AUDIENCE })],
];

const users: Forgery[] = [
  ...claimed('sub', [undefined, null, '', 7, true, ['alice'], { alice: 1 }, '.', '..', '/', 'u/1', '../alice', 'u\\1']),
  ...claimed('sub', ['alice\0', 'alice\n', '\r\nalice', 'a\tb', '\u001b[2K', 'alice\u007f', 'alice\u0085']),
  ...claimed('sub', ['alice\ud800', '\udc00alice', '\ude00\ud83d']),
  ['a sub of 129 characters', issue(ours, { sub: 'a'.repeat(129) })],
  ['a sub of 200 characters', issue(ours, { sub: 'a'.repeat(200) })],
  ['a sub of 65 characters that are two units each', issue(ours, { sub: '😀'.repeat(65) })],
  ['sub in the header', issue(ours, { sub: undefined }, { sub: 'alice' })],
];

/** Returns a token of that length, to a few characters. */
export const tokenOfSize = (kilobytes: number, signer: Signer): string => {
  const rest = issue(signer, { groups: '' }).length;
  return issue(signer, { groups: 'x'.repeat(Math.floor(((kilobytes * 1024 - rest) * 3) / 4)) });
};
const sizes = [9, 12, 15].map((size): Forgery => [`${size} KB by the forger`, tokenOfSize(size, forger)]);

/** Has a length for which base64 needs padding and ignores bits of the last character. */
const uneven = (json: string) => encode(json.padEnd(Math.ceil(json.length / 3) * 3 + 1));
/** The same octets in base64url. */
const respelled = (segment: string) =>
  segment.slice(0, -1) + String.fromCharCode(segment.charCodeAt(segment.length - 1) + 1);
const standardBase64 = (text: string) => text.replaceAll('-', '+').replaceAll('_', '/');

const shapes: Forgery[] = [
  ...['', '.', '..', 'null', 'nonsense', '{}'].map((text): Forgery => [`nothing but ${show(text)}`, text]),
  ['a header and a payload alone', `${goodHeader}.${goodPayload}`],
  ['an empty header', `.${goodPayload}.${goodSignature}`],
  ['an empty payload', `${goodHeader}..${goodSignature}`],
  ['an empty signature', `${goodHeader}.${goodPayload}.`],
  ['a header that is cut short', sealed(`${goodHeader.slice(0, -4)}.${goodPayload}`)],
  ['a payload that is cut short', sealed(`${goodHeader}.${goodPayload.slice(0, -4)}`)],
  ['a signature that is cut short', good.slice(0, -1)],
  ['half a signature', good.slice(0, -goodSignature.length / 2)],
  ['a padded header', sealed(`${uneven(headerJson)}==.${goodPayload}`)],
  ['a padded payload', sealed(`${goodHeader}.${uneven(claimsJson)}==`)],
  ['a padded signature', `${good}==`],
  ['an escaped padding', `${good}%3D%3D`],
  ['a payload in standard base64', sealed(standardBase64(unsigned({ note: '>>>???~~~ÿÿÿ' })))],
  ['another spelling of its header', sealed(`${respelled(uneven(headerJson))}.${goodPayload}`)],
  ['another spelling of its payload', sealed(`${goodHeader}.${respelled(uneven(claimsJson))}`)],
  ['another spelling of its signature', `${goodHeader}.${goodPayload}.${respelled(goodSignature)}`],
  ['a header in plain JSON', sealed(`${headerJson}.${goodPayload}`)],
  ['a space after its first dot', `${goodHeader}. ${goodPayload}.${goodSignature}`],
  ['a space in its signature', `${good.slice(0, -9)} ${good.slice(-9)}`],
  ['a tab in its payload', sealed(`${goodHeader}.${goodPayload.slice(0, 9)}\t${goodPayload.slice(9)}`)],
  ['a letter beyond ASCII', `${good}é`],
  ['quotes around it', `"${good}"`],
  ['a dot in front', `.${good}`],
  ['a dot after it', `${good}.`],
  ['four segments', `${good}.${goodSignature}`],
  ['an encrypted token', `${encodeJson({ alg: 'dir', enc: 'A128GCM', kid: 'ours' })}..AAAA.${goodPayload}.AAAA`],
  ['the JSON of a token', JSON.stringify({ protected: goodHeader, payload: goodPayload, signature: goodSignature })],
];

/** JSON of one object with the fields of both, some of which may be there twice. */
export const inOneObject = (first: object, second: object): string =>
  `${JSON.stringify(first).slice(0, -1)},${JSON.stringify(second).slice(1)}`;

const latin1 = (json: string) => Buffer.from(`${json.slice(0, -1)},"x":"\xff"}`, 'latin1');
const json: Forgery[] = [
  ...['', '{', '[]', 'null', '"RS256"', `[${headerJson}]`, `${headerJson}//`, `\ufeff${headerJson}`].map(
    (text): Forgery => [`the header ${show(text)}`, withHeader(text)],
  ),
  ...['', '{', '[]', 'null', '"alice"', `[${claimsJson}]`, `${claimsJson}\0`, `\ufeff${claimsJson}`].map(
    (text): Forgery => [`the payload ${show(text)}`, withPayload(text)],
  ),
  ['a header that is not UTF-8', withHeader(latin1(headerJson))],
  ['a payload that is not UTF-8', withPayload(latin1(claimsJson))],
  ['its claims in a prototype', withPayload(`{"__proto__":${claimsJson}}`)],
  ['a payload that is nothing but deep', withPayload(`{"x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`)],
  ['two algorithms, the last none', withHeader(inOneObject(header, { alg: 'none' }))],
  ['two algorithms, the first none, unsigned', `${encode(inOneObject({ alg: 'none' }, header))}.${goodPayload}.`],
  ['two kids, the last one unknown', withHeader(inOneObject(header, { kid: 'theirs' }))],
  ['two exps, the last one expired', withPayload(inOneObject(claims, { exp: 1 }))],
  ['two subs, the last one not a user id', withPayload(inOneObject(claims, { sub: '..' }))],
];

const field = (value: string, name = 'Authorization') => [name, value] as const;
const places: Forgery[] = [
  ...['', ' ', ',', ', ', ';'].map((between): Forgery => [
    `twice with ${show(between)} between`,
    good + between + good,
  ]),
  ['twice with its scheme', `Bearer ${good}, Bearer ${good}`],
  ['after a forged one', `Bearer ${issue(forger, { sub: 'bob' })} ${good}`],
  ['in two headers', { headers: [field(good), field(good)] }],
  ['in two headers with schemes', { headers: [field(`Bearer ${good}`), field(`Bearer ${good}`, 'authorization')] }],
  ['in the first of two headers', { headers: [field(good), field('x')] }],
  ['in the second of two headers', { headers: [field('x'), field(good)] }],
  ['beside another user’s', { headers: [field(good), field(issue(ours, { sub: 'bob' }))] }],
  ['after an empty header', { headers: [field(''), field(good)] }],
  ['beside a password', { headers: [field('Basic dTpw'), field(good)] }],
  ...['access_token', 'token', 'authorization'].map((name): Forgery => [
    `in the query as ${name}`,
    { query: `${name}=${good}` },
  ]),
  ['in a cookie', { headers: [field(`Authorization=${good}; token=${good}`, 'Cookie')] }],
  ...['X-Authorization', 'Proxy-Authorization', 'X-Forwarded-Authorization', 'X-Amzn-Oidc-Data'].map(
    (name): Forgery => [`in the header ${name}`, { headers: [field(good, name)] }],
  ),
  ['nowhere but the user’s name', { headers: [field('alice', 'X-User-Id'), field('alice', 'X-Amzn-Oidc-Identity')] }],
  ...['Basic', 'Token', 'DPoP', 'Bearer:', 'Bearer Bearer', 'Bearer\u00a0'].map((scheme): Forgery => [
    `with the scheme ${scheme}`,
    `${scheme} ${good}`,
  ]),
  ['with no space after its scheme', `Bearer${good}`],
  ['with a tab after its scheme', `Bearer\t${good}`],
  ['before its scheme', `${good} Bearer`],
  ...['Bearer', 'Bearer .', 'Basic dTpw', ' '].map((text): Forgery => [`nowhere but ${show(text)}`, text]),
];

const signature = (octets: Uint8Array) => `${unsigned()}.${encode(octets)}`;
const signatures: Forgery[] = [
  ['by the forger under the same kid', issue(forger)],
  ['by another key of the issuer', seal(unsigned(), cubic.privateKey)],
  ['by a key of 1024 bits', seal(unsigned(), newSigner('ours', { modulusLength: 1024 }).privateKey)],
  ['by a key on a curve', seal(unsigned(), curve)],
  ['for another payload', `${unsigned({ sub: 'bob' })}.${goodSignature}`],
  ['for another header', `${unsigned({}, { typ: 'JWT' })}.${goodSignature}`],
  ['for the payload with a sub more', `${goodHeader}.${encode(inOneObject(claims, { sub: 'bob' }))}.${goodSignature}`],
  ['for the claims in plain JSON', signature(sign('sha256', Buffer.from(claimsJson), rsa))],
  ['with SHA-1', signature(sign('sha1', Buffer.from(unsigned()), rsa))],
  ['with SHA-512', signature(sign('sha512', Buffer.from(unsigned()), rsa))],
  ['with PSS', signature(sign('sha256', Buffer.from(unsigned()), pss))],
  ['with one octet', signature(Buffer.alloc(1))],
];

const cubicInput = unsigned({}, { kid: 'cubic' });
const blocks: Forgery[] = [
  ...forgedBlocks(unsigned()).map(([name, block]): Forgery => [name, signature(signBlock(block, ours))]),
  ...forgedNumbers(unsigned(), ours).map(([name, octets]): Forgery => [name, signature(octets)]),
  ['a cube root for a signature', `${cubicInput}.${encode(cubeRootForgery(cubicInput))}`],
];

/** @param lure address that serves the forger's keys */
export const forgedTokens = (lure: string): Readonly<Record<string, readonly Forgery[]>> => ({
  'without an algorithm': noAlgorithm,
  'with a public secret': sharedSecrets,
  'of another algorithm': otherAlgorithms,
  'with an odd kid': kids(lure),
  'that brings its key along': keysBroughtAlong(lure),
  'with critical extensions': headed('crit', [['exp'], ['b64'], ['alg', 'kid'], [], null, 'exp', {}, false]),
  'outside of its validity': times,
  'of another issuer': issuers(lure),
  'for another audience': audiences,
  'without a valid user id': users,
  'that is large': sizes,
  'that is malformed': shapes,
  'with malformed JSON': json,
  'that is good, in the wrong place': places,
  'with a signature that is not its own': signatures,
  'with a forged block of PKCS #1': blocks,
});
