import { createServer, type RequestListener, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { startTokenIssuer, type TokenIssuer } from '@jobs-api/local';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { RemoteJwks } from './jwks.ts';
import { JwtAuthenticator } from './jwt-authenticator.ts';

const rulesOf = ({ issuer, audience }: TokenIssuer) =>
  ({ mode: 'oidc', issuer, audience: [audience], userIdClaim: 'sub' }) as const;

const startServer = async (listener: RequestListener, port?: number) => {
  const server = createServer(listener);
  return { server, uri: `${await listen(server, port)}/` };
};

describe('JwtAuthenticator, when the endpoint of the keys', () => {
  const redirectTarget = '/elsewhere';
  const faults: [string, RequestListener][] = [
    ['resets connections', (request) => request.socket.resetAndDestroy()],
    ['responds with status 500', (_, response) => response.writeHead(500).end('{"keys":[]}')],
    ['redirects', (_, response) => response.writeHead(302, { Location: redirectTarget }).end()],
    ['never responds', () => undefined],
    ['hangs in the middle of one', (_, response) => void response.write('{"keys":[')],
    [
      'breaks off in the middle of one',
      (request, response) => response.write('{"keys":[', () => request.socket.resetAndDestroy()),
    ],
  ];

  let issuer: TokenIssuer;
  let keySet: string;
  let server: Server;
  let uri: string;
  let respond: RequestListener;
  const requested = jest.fn<(path: string | undefined) => void>();
  const serveKeys: RequestListener = (_, response) => response.end(keySet);

  beforeAll(async () => {
    issuer = await startTokenIssuer();
    keySet = await (await fetch(issuer.jwksUri)).text();
    ({ server, uri } = await startServer((request, response) => {
      requested(request.url);
      if (request.url === redirectTarget) serveKeys(request, response);
      else respond(request, response);
    }));
  });

  beforeEach(() => {
    requested.mockReset();
  });

  afterAll(async () => {
    await Promise.all([issuer.close(), closeServer(server)]);
  });

  test.each(faults)('%s, keeps using the keys that it has', async (_, fault) => {
    let time = 0;
    const onFetchFailed = jest.fn();
    const keys = new RemoteJwks(uri, { now: () => time, onFetchFailed });
    const authenticator = new JwtAuthenticator(keys, rulesOf(issuer));
    const token = await issuer.issueToken('alice');
    respond = serveKeys;
    expect(await authenticator.authenticate(token)).toBe('alice');

    respond = fault;
    time += 300_000;
    expect(await authenticator.authenticate(token)).toBe('alice');
    await keys.get('a kid that waits for the fetch');
    expect(onFetchFailed).toHaveBeenCalledTimes(1);
    expect(await authenticator.authenticate(token)).toBe('alice');
    expect(requested.mock.calls).toEqual([['/'], ['/']]);

    respond = serveKeys;
    time += 300_000;
    expect(await keys.get('a kid that waits for the fetch')).toEqual([]);
    expect(onFetchFailed).toHaveBeenCalledTimes(1);
  });

  test.each(faults)('%s, is unavailable if it has no keys yet', async (_, fault) => {
    const authenticator = new JwtAuthenticator(new RemoteJwks(uri), rulesOf(issuer));
    respond = fault;
    await expect(authenticator.authenticate(await issuer.issueToken('alice'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await expect(authenticator.authenticate('nonsense')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(requested.mock.calls).toEqual([['/']]);
  });
});

test('JwtAuthenticator is unavailable until the endpoint of the keys responds', async () => {
  const issuer = await startTokenIssuer();
  const keySet = await (await fetch(issuer.jwksUri)).text();
  const { server: gone, uri } = await startServer(() => undefined);
  await closeServer(gone);
  let time = 0;
  const authenticator = new JwtAuthenticator(new RemoteJwks(uri, { now: () => time }), rulesOf(issuer));
  const token = await issuer.issueToken('alice');
  await expect(authenticator.check()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'UNAVAILABLE' });

  const { server: back } = await startServer((_, response) => response.end(keySet), Number(new URL(uri).port));
  try {
    time += 1_000;
    await authenticator.check();
    expect(await authenticator.authenticate(token)).toBe('alice');
  } finally {
    await Promise.all([issuer.close(), closeServer(back)]);
  }
});
