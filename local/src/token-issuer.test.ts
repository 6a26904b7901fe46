import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { startTokenIssuer, type TokenIssuer, type TokenIssuerOptions } from './token-issuer.ts';

const DAY = 86_400;

const started: TokenIssuer[] = [];
let issuer: TokenIssuer;
let other: TokenIssuer;

const start = async (options?: TokenIssuerOptions): Promise<TokenIssuer> => {
  const one = await startTokenIssuer(options);
  started.push(one);
  return one;
};

beforeAll(async () => {
  [issuer, other] = await Promise.all([start(), start({ audience: 'another user' })]);
});

afterAll(() => Promise.all(started.map((one) => one.close())));

const verify = (token: string, { jwksUri, issuer: iss, audience } = issuer) =>
  jwtVerify(token, createRemoteJWKSet(new URL(jwksUri)), { issuer: iss, audience, algorithms: ['RS256'] });

describe('a token', () => {
  test('verifies against the keys, and has its user, issuer, audience and expiry', async () => {
    const { payload, protectedHeader } = await verify(await issuer.issueToken('alice'));
    const iat = payload.iat ?? NaN;
    expect(payload).toEqual({
      ...{ iss: issuer.issuer, aud: issuer.audience, sub: 'alice', token_use: 'id' },
      ...{ iat, exp: iat + DAY },
    });
    expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(60);
    expect(protectedHeader).toEqual({ alg: 'RS256', kid: expect.any(String) });
  });

  test('is for the requested audience', async () => {
    expect(other.audience).toBe('another user');
    expect(decodeJwt(await other.issueToken('alice')).aud).toBe('another user');
  });

  test('may carry other claims, or lack the usual ones', async () => {
    const token = await issuer.issueToken('alice', { exp: undefined, nbf: 5, token_use: 'access' });
    expect(decodeJwt(token)).toMatchObject({ sub: 'alice', nbf: 5, token_use: 'access' });
    expect(decodeJwt(token)).not.toHaveProperty('exp');
  });

  test('does not verify against the keys of another issuer', async () => {
    await expect(verify(await issuer.issueToken('alice'), { ...issuer, jwksUri: other.jwksUri })).rejects.toThrow();
  });
});

describe('GET', () => {
  const get = (path: string, init?: RequestInit) => fetch(`${issuer.issuer}${path}`, init);

  test('/.well-known/jwks.json shows the public key, and nothing of the private one', async () => {
    const response = await fetch(issuer.jwksUri);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const { keys } = (await response.json()) as { keys: object[] };
    expect(keys).toEqual([
      {
        ...{ kty: 'RSA', use: 'sig', alg: 'RS256', n: expect.any(String), e: 'AQAB' },
        kid: decodeProtectedHeader(await issuer.issueToken('alice')).kid,
      },
    ]);
  });

  test('/.well-known/openid-configuration leads to the keys', async () => {
    expect(await (await get('/.well-known/openid-configuration')).json()).toMatchObject({
      issuer: issuer.issuer,
      jwks_uri: issuer.jwksUri,
      id_token_signing_alg_values_supported: ['RS256'],
    });
  });

  test('/token returns a token for a day on its own line', async () => {
    const response = await get('/token?sub=auth0%7CZo%C3%AB');
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const [token = '', ...rest] = (await response.text()).split('\n');
    expect(rest).toEqual(['']);
    const { payload } = await verify(token);
    expect(payload.sub).toBe('auth0|Zoë');
    expect((payload.exp ?? NaN) - (payload.iat ?? NaN)).toBe(DAY);
  });

  test.each([1, 60, 2_592_000])('/token returns a token for %d s on request', async (seconds) => {
    const { exp = NaN, iat = NaN } = decodeJwt(await (await get(`/token?sub=alice&expires-in=${seconds}`)).text());
    expect(exp - iat).toBe(seconds);
  });

  test.each(['/token', '/token?sub=', '/token?user=alice'])(
    '%s returns 400, and says what is missing',
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        message: 'The sub query parameter is missing: the user id to issue a token for',
        affected_query_parameter: 'sub: string',
      });
    },
  );

  test.each(['', '0', '-1', '+1', '01', '1.5', '1e3', '0x10', 'day', '2592001', '9'.repeat(400)])(
    '/token returns 400 for expires-in=%j, and says what is valid',
    async (seconds) => {
      const response = await get(`/token?sub=alice&expires-in=${encodeURIComponent(seconds)}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        message: 'The expires-in query parameter must be a whole number of seconds from 1 to 2592000',
        affected_query_parameter: 'expires-in: number',
      });
    },
  );

  test.each(['/', '/token/', '/TOKEN', '//', '/.well-known/'])('%s is not found', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ message: 'Not Found' });
  });

  test('is the only method, beside HEAD', async () => {
    const response = await get('/token?sub=alice', { method: 'POST' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await response.json()).toEqual({ message: 'Method Not Allowed' });
    const head = await get('/token?sub=alice', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});

test('an issuer listens on 127.0.0.1 only', async () => {
  expect(issuer.issuer).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+$/);
  const otherLoopback = issuer.issuer.replace('127.0.0.1', '127.0.0.2');
  await expect(fetch(otherLoopback, { signal: AbortSignal.timeout(5_000) })).rejects.toThrow();
});

test('an issuer closes at once, though connections are open, and is not reached any more', async () => {
  const closed = await startTokenIssuer();
  await (await fetch(closed.jwksUri)).text();
  const silent = connect(Number(new URL(closed.issuer).port), '127.0.0.1').on('error', () => undefined);
  await once(silent, 'connect');
  await closed.close();
  await expect(fetch(closed.jwksUri)).rejects.toThrow();
});

test('two issuers do not share a port', async () => {
  const port = Number(new URL(issuer.issuer).port);
  await expect(startTokenIssuer({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

describe('with a directory', () => {
  let directory: string;

  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'token-issuer-')), 'not', 'there', 'yet');
  });

  afterEach(() => rm(join(directory, '../../..'), { recursive: true }));

  test('tokens outlive a restart on the same port', async () => {
    const before = await startTokenIssuer({ directory });
    const token = await before.issueToken('alice');
    await before.close();
    const after = await start({ directory, port: Number(new URL(before.issuer).port) });
    expect((await verify(token, after)).payload.sub).toBe('alice');
  });

  test('the key file is readable by its owner only', async () => {
    await start({ directory });
    const [file = '', ...others] = await readdir(directory);
    expect(others).toEqual([]);
    expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600);
  });
});

test('without a directory each issuer has a key of its own', async () => {
  const kids = [issuer, other].map(async (each) => decodeProtectedHeader(await each.issueToken('alice')).kid);
  const [first, second] = await Promise.all(kids);
  expect(first).not.toBe(second);
});
