import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { describeAuthenticator } from '@jobs-api/core/testing/contracts';
import { startTokenIssuer } from '@jobs-api/local';
import type { TokenIssuer } from '@jobs-api/local';
import { RemoteJwks } from './jwks.ts';
import { JwtAuthenticator } from './jwt-authenticator.ts';

const rulesOf = ({ issuer, audience }: TokenIssuer) =>
  ({ mode: 'oidc', issuer, audience: [audience], userIdClaim: 'sub' }) as const;

const listen = async (listener: RequestListener) => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
};

const stop = async (server: Server) => {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
};

describeAuthenticator('JwtAuthenticator', async () => {
  const issuer = await startTokenIssuer();
  const { server, uri } = await listen((request) => request.socket.destroy());
  return {
    authenticator: new JwtAuthenticator(new RemoteJwks(issuer.jwksUri), rulesOf(issuer)),
    unreachable: new JwtAuthenticator(new RemoteJwks(uri), rulesOf(issuer)),
    issueToken: (userId) => issuer.issueToken(userId),
    close: async () => {
      await Promise.all([issuer.close(), stop(server)]);
    },
  };
});

describe('JwtAuthenticator, where the endpoint of the keys', () => {
  const redirectTarget = '/elsewhere';
  const faults: [string, RequestListener][] = [
    ['resets connections', (request) => request.socket.resetAndDestroy()],
    ['answers 500', (_, response) => response.writeHead(500).end('{"keys":[]}')],
    ['redirects', (_, response) => response.writeHead(302, { Location: redirectTarget }).end()],
    ['never begins an answer', () => undefined],
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
    ({ server, uri } = await listen((request, response) => {
      requested(request.url);
      if (request.url === redirectTarget) serveKeys(request, response);
      else respond(request, response);
    }));
  });

  beforeEach(() => {
    requested.mockReset();
  });

  afterAll(async () => {
    await Promise.all([issuer.close(), stop(server)]);
  });

  test.each(faults)('%s, goes on with the keys that it had', async (_, fault) => {
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

  test.each(faults)('%s, is unavailable where it never had keys', async (_, fault) => {
    const authenticator = new JwtAuthenticator(new RemoteJwks(uri), rulesOf(issuer));
    respond = fault;
    await expect(authenticator.authenticate(await issuer.issueToken('alice'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await expect(authenticator.authenticate('nonsense')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(requested.mock.calls).toEqual([['/']]);
  });
});

test('JwtAuthenticator is unavailable until the endpoint of the keys is there', async () => {
  const issuer = await startTokenIssuer();
  const keySet = await (await fetch(issuer.jwksUri)).text();
  const { server: gone, uri } = await listen(() => undefined);
  await stop(gone);
  let time = 0;
  const authenticator = new JwtAuthenticator(new RemoteJwks(uri, { now: () => time }), rulesOf(issuer));
  const token = await issuer.issueToken('alice');
  await expect(authenticator.check()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'UNAVAILABLE' });

  const back = createServer((_, response) => response.end(keySet)).listen(Number(new URL(uri).port), '127.0.0.1');
  await once(back, 'listening');
  try {
    time += 1_000;
    await authenticator.check();
    expect(await authenticator.authenticate(token)).toBe('alice');
  } finally {
    await Promise.all([issuer.close(), stop(back)]);
  }
});
