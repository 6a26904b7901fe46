import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createHttpServer } from './http-server.ts';
import type { HttpServer, HttpServerOptions, RefusedRequest } from './http-server.ts';

let http: HttpServer;
let port: number;

const start = async (listener: RequestListener, options: Partial<HttpServerOptions> = {}) => {
  http = createHttpServer(listener, { keepAliveSeconds: 65, ...options });
  http.server.listen(0, '127.0.0.1');
  await once(http.server, 'listening');
  ({ port } = http.server.address() as AddressInfo);
};

afterEach(async () => {
  await http.close(0);
});

/** Sends bytes as they are and answers all that comes back until the connection ends. */
const send = async (bytes: string): Promise<string> => {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  return text(socket);
};

describe('what is no request', () => {
  test.each([
    [
      'headers of more than 16 KiB',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(16 * 1024)}\r\n\r\n`,
      431,
      'Request Header Fields Too Large',
    ],
    [
      'a request line of more than 16 KiB',
      `GET /${'x'.repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      431,
      'Request Header Fields Too Large',
    ],
    ['an unknown protocol', 'HELLO\r\n\r\n', 400, 'Bad Request'],
    ['a broken header', 'GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n', 400, 'Bad Request'],
    ['two lengths', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400, 'Bad Request'],
  ])('%s, is answered in JSON', async (_, bytes, status, message) => {
    await start((_req, res) => res.end('reached'));
    const answer = await send(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} ${message}\r\n`));
    expect(answer).toMatch(/^Content-Type: application\/json; charset=utf-8\r$/m);
    expect(answer).toMatch(/^Cache-Control: no-store\r$/m);
    expect(answer).toMatch(/^X-Content-Type-Options: nosniff\r$/m);
    expect(answer).toMatch(/^X-Request-Id: [0-9a-f-]{36}\r$/m);
    expect(answer.split('\r\n\r\n')[1]).toBe(JSON.stringify({ message }));
  });

  test.each([
    ['a target that is not a path', 'GET http://[/x HTTP/1.1\r\nHost: a', 400, 'Bad Request'],
    ['a target of another scheme', 'GET ftp://a/x HTTP/1.1\r\nHost: a', 400, 'Bad Request'],
    ['a target of everything', 'GET * HTTP/1.1\r\nHost: a', 400, 'Bad Request'],
    ['no Host', 'GET / HTTP/1.1\r\nX: y', 400, 'Bad Request'],
    ['an expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: x', 417, 'Expectation Failed'],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a', 405, 'Method Not Allowed'],
  ])('%s, is refused in JSON and reported with its request id', async (_, head, status, message) => {
    const refused: RefusedRequest[] = [];
    await start((_req, res) => res.end('reached'), { onRefused: (request) => refused.push(request) });
    const answer = await send(`${head}\r\nX-Request-Id: mine\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} ${message}\r\n`));
    expect(answer).toMatch(/^Content-Type: application\/json; charset=utf-8\r$/im);
    expect(answer).toMatch(/^X-Content-Type-Options: nosniff\r$/im);
    expect(answer).toMatch(/^X-Request-Id: mine\r$/im);
    expect(answer.split('\r\n\r\n')[1]).toBe(JSON.stringify({ message }));
    expect(refused).toMatchObject([{ requestId: 'mine', status, method: head.split(' ')[0] }]);
  });

  test('a whole URL as the target is taken for its path', async () => {
    await start((req, res) => res.end(req.url));
    const answer = await send('GET http://a/x?y=z HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/\r\n\r\n\/x\?y=z$/);
  });

  test('after a request, is not responded to before that request is', async () => {
    await start((_req, res) => void setTimeout(() => res.end('first'), 50));
    const answer = await send('GET / HTTP/1.1\r\nHost: a\r\n\r\nGARBAGE\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\nConnection: close\r\n[^]*\r\n\r\nfirst$/);
  });

  test('and turns out so in its body, breaks off an answer that has begun: another in it would be taken for its rest', async () => {
    await start((_req, res) => res.write('begun'));
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      if (!answer.includes('begun') && (answer + chunk).includes('begun')) socket.write('no chunk\r\n');
      answer += chunk;
    });
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    await once(socket, 'close');
    expect(answer.match(/HTTP\/1.1/g)).toEqual(['HTTP/1.1']);
  });

  test('headers of just under 16 KiB are taken', async () => {
    await start((_req, res) => res.end('reached'));
    expect(
      await send(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ${'x'.repeat(15 * 1024)}\r\n\r\n`),
    ).toContain('reached');
  });
});

describe('a request', () => {
  test.each([0, 10, 990, 2_010, 3_000])('has all of its headers, also after %i others', async (others) => {
    await start((req, res) => res.end(String(req.rawHeaders.filter((name) => name === 'Authorization').length)));
    const head = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: a\r\n';
    expect(await send(`${head}${'a:b\r\n'.repeat(others)}Authorization: b\r\n\r\n`)).toMatch(/\r\n\r\n2$/);
  });

  test('that waits for its turn is handled when those before it are over', async () => {
    let atOnce = 0;
    let most = 0;
    await start((_req, res) => {
      const begin = () => {
        most = Math.max(most, ++atOnce);
        setTimeout(() => {
          atOnce--;
          res.end('done');
        }, 5);
      };
      if (res.socket) begin();
      else res.once('socket', begin);
    });
    const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = await send(`${request.repeat(9)}GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(answer.match(/done/g)).toHaveLength(10);
    expect(most).toBe(1);
  });

  test('behind more than 32 others has its connection closed', async () => {
    await start(() => undefined);
    expect(await send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1_500))).toBe('');
    expect(await new Promise((resolve) => http.server.getConnections((_, count) => resolve(count)))).toBe(0);
  });

  test('is not cut off while its body arrives, and its connection serves the next one', async () => {
    await start((_req, res) => res.end('done'));
    const socket = connect(port, '127.0.0.1');
    const received = text(socket);
    socket.write('DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n');
    for (let sent = 0; sent < 300_000; sent += 30_000) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      socket.write('x'.repeat(30_000));
    }
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect((await received).match(/200 OK/g)).toHaveLength(2);
  });
});

describe('close', () => {
  test('closes connections that have sent nothing or half a request at once', async () => {
    await start((_req, res) => res.end('done'));
    const sockets = ['', '', 'GET / HTTP/1.1\r\nHo'].map((bytes) => {
      const socket = connect(port, '127.0.0.1');
      if (bytes) socket.write(bytes);
      return socket.on('error', () => undefined).resume();
    });
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const connections = () => new Promise((resolve) => http.server.getConnections((_, count) => resolve(count)));
    while ((await connections()) !== 3) await new Promise(setImmediate);
    expect(await http.close(60)).toBe(true);
  });

  test('waits for work whose client has disconnected', async () => {
    let end: () => void = () => undefined;
    const work = new Promise<void>((resolve) => (end = resolve));
    await start((_req, res) => res.end('done'), { idle: () => work });
    const closed = http.close(60);
    let isClosed = false;
    void closed.then(() => (isClosed = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isClosed).toBe(false);
    end();
    expect(await closed).toBe(true);
  });

  test('is announced by every response, also to a request that has already begun', async () => {
    const responses: ServerResponse[] = [];
    await start((_req, res) => void responses.push(res));
    const agent = new Agent({ keepAlive: true });
    const ask = () =>
      new Promise<IncomingMessage>((resolve, reject) => {
        request({ port, host: '127.0.0.1', agent }, resolve).on('error', reject).end();
      });
    const first = ask();
    while (responses.length < 1) await new Promise(setImmediate);
    http.announceClose();
    const second = ask();
    while (responses.length < 2) await new Promise(setImmediate);
    for (const response of responses) response.end();
    for (const answer of await Promise.all([first, second])) expect(answer.headers.connection).toBe('close');
  });

  /** Starts a server whose answers are held back, and asks it once on a connection that is kept alive. */
  const startRequest = async (beforeHolding: (res: ServerResponse) => void = () => undefined) => {
    const arrived = new Promise<ServerResponse>((resolve) => {
      void start((_req, res) => {
        beforeHolding(res);
        resolve(res);
      });
    });
    while (!port || !http.server.listening) await new Promise(setImmediate);
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      request({ port, host: '127.0.0.1', agent: new Agent({ keepAlive: true }) }, resolve)
        .on('error', reject)
        .end();
    });
    answer.catch(() => undefined);
    return { response: await arrived, answer };
  };

  test('waits for a request in flight, and then ends its connection', async () => {
    const { response, answer } = await startRequest();
    const closed = http.close(60);
    response.end('done');
    const { headers, statusCode } = await answer;
    expect(statusCode).toBe(200);
    expect(headers.connection).toBe('close');
    expect(await text(await answer)).toBe('done');
    expect(await closed).toBe(true);
  });

  test('waits for an answer that has begun, whose connection was promised to stay', async () => {
    const { response, answer } = await startRequest((res) => res.write('begun '));
    const begun = await answer;
    const closed = http.close(60);
    response.end('done');
    expect(await text(begun)).toBe('begun done');
    expect(await closed).toBe(true);
  });

  test('ends idle connections at once', async () => {
    await start((_req, res) => res.end('done'));
    const answer = await fetch(`http://127.0.0.1:${port}`);
    await answer.text();
    expect(await http.close(60)).toBe(true);
  });

  test('takes no new connections', async () => {
    const { response, answer } = await startRequest();
    const closed = http.close(60);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
    response.end();
    (await answer).resume();
    expect(await closed).toBe(true);
  });

  test('cuts off what is not done in time, and says so', async () => {
    const { answer } = await startRequest();
    expect(await http.close(0)).toBe(false);
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
