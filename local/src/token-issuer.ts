/**
 * Issues a token for any user to any caller, so that `pnpm dev` and the tests need no user pool. Its
 * tokens prove nothing: a service with real data must never trust it.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose';
import { refuseForeignHosts } from './foreign-hosts.ts';
import { closeServer, listen } from './loopback.ts';

export interface TokenIssuerOptions {
  /** Default: a free port. */
  readonly port?: number;
  readonly audience?: string;
  /** Folder of the key, so that tokens stay valid after a restart on the same port. Default: a new key each time. */
  readonly directory?: string;
}

export interface TokenIssuer {
  /** `http://127.0.0.1:PORT`, which also serves `GET /token?sub=alice`. */
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  /**
   * Returns a token that is valid for a day. The user id may be one that a service rejects.
   *
   * @param claims replace the usual claims or are added; one that is `undefined` is left out
   */
  issueToken(sub: string, claims?: Readonly<Record<string, unknown>>): Promise<string>;
  close(): Promise<void>;
}

interface TokenResponse {
  readonly status: number;
  readonly body: unknown;
}

const DAY_SECONDS = 86_400;
const MAX_EXPIRES_IN = 30 * DAY_SECONDS;
const KEY_FILE = 'token-issuer-key.pem';

export const startTokenIssuer = async (options: TokenIssuerOptions = {}): Promise<TokenIssuer> => {
  const { port = 0, audience = 'jobs-api-local', directory } = options;
  const privateKey = directory === undefined ? await newKey() : await keptKey(directory);
  const publicJwk = await exportJWK(createPublicKey(privateKey));
  const kid = await calculateJwkThumbprint(publicJwk);

  const server = createServer((request, response) => {
    void respond(request.url ?? '', request.method ?? '').then(({ status, body }) => {
      const isText = typeof body === 'string';
      response.writeHead(status, {
        'Content-Type': isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
        ...(status === 405 && { Allow: 'GET, HEAD' }),
      });
      response.end(isText ? body : JSON.stringify(body));
    });
  });
  refuseForeignHosts(server);
  const issuer = await listen(server, port);
  const jwksUri = `${issuer}/.well-known/jwks.json`;

  const issueToken: TokenIssuer['issueToken'] = (sub, claims) => {
    const iat = Math.floor(Date.now() / 1000);
    const usual = { iss: issuer, aud: audience, sub, iat, exp: iat + DAY_SECONDS, token_use: 'id' };
    return new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
  };

  const tokenFor = async (query: URLSearchParams): Promise<TokenResponse> => {
    const sub = query.get('sub') ?? '';
    if (sub === '') return badRequest('sub: string', 'is missing: the user id to issue a token for');
    const expiresIn = query.get('expires-in') ?? String(DAY_SECONDS);
    if (!/^[1-9][0-9]*$/.test(expiresIn) || Number(expiresIn) > MAX_EXPIRES_IN)
      return badRequest('expires-in: number', `must be a whole number of seconds from 1 to ${MAX_EXPIRES_IN}`);
    const iat = Math.floor(Date.now() / 1000);
    return { status: 200, body: `${await issueToken(sub, { iat, exp: iat + Number(expiresIn) })}\n` };
  };

  const resources: Readonly<Record<string, (query: URLSearchParams) => TokenResponse | Promise<TokenResponse>>> = {
    '/.well-known/jwks.json': () => ({
      status: 200,
      body: { keys: [{ ...publicJwk, kid, use: 'sig', alg: 'RS256' }] },
    }),
    '/.well-known/openid-configuration': () => ({
      status: 200,
      body: {
        issuer,
        jwks_uri: jwksUri,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      },
    }),
    '/token': tokenFor,
  };

  const respond = async (target: string, method: string): Promise<TokenResponse> => {
    const [path = ''] = target.split('?', 1);
    const resource = resources[path];
    if (!resource) return { status: 404, body: { message: 'Not Found' } };
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: { message: 'Method Not Allowed' } };
    return resource(new URLSearchParams(target.slice(path.length)));
  };

  return { issuer, audience, jwksUri, issueToken, close: () => closeServer(server) };
};

const badRequest = (parameter: string, problem: string): TokenResponse => ({
  status: 400,
  body: {
    message: `The ${parameter.split(':')[0]} query parameter ${problem}`,
    affected_query_parameter: parameter,
  },
});

const newKey = async (): Promise<KeyObject> =>
  (await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })).privateKey;

const keptKey = async (directory: string): Promise<KeyObject> => {
  const path = join(directory, KEY_FILE);
  try {
    return createPrivateKey(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = await newKey();
  await mkdir(directory, { recursive: true });
  await writeFile(path, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  return key;
};
