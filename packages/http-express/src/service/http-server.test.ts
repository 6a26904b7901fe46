import { once } from 'node:events';
import { Agent, request, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { listen } from '@jobs-api/local/loopback';
import { createHttpServer, type HttpServer, type HttpServerOptions, type MalformedRequest } from './http-server.ts';

let http: HttpServer;
let port: number;

const start = async (listener: RequestListener, options: Partial<HttpServerOptions> = {}) => {
  http = createHttpServer(listener, { keepAliveSeconds: 65, ...options });
  port = Number(new URL(await listen(http.server)).port);
};

afterEach(async () => {
  await http.close(0);
});

/** Sends bytes unchanged, and returns everything that is received until the connection ends. */
const send = async (bytes: string): Promise<string> => {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  return text(socket);
};

describe('createHttpServer', () => {
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
  ])('responds in JSON to %s', async (_, bytes, status, message) => {
    await start((_req, res) => res.end('reached'));
    const response = await send(bytes);
    expect(response).toMatch(new RegExp(`^HTTP/1.1 ${status} ${message}\r\n`));
    expect(response).toMatch(/^Content-Type: application\/json; charset=utf-8\r$/m);
    expect(response).toMatch(/^Cache-Control: no-store\r$/m);
    expect(response).toMatch(/^X-Content-Type-Options: nosniff\r$/m);
    expect(response).toMatch(/^X-Request-Id: [0-9a-f-]{36}\r$/m);
    expect(response.split('\r\n\r\n')[1]).toBe(JSON.stringify({ message }));
  });

  test.each([
    ['a malformed target', 'GET http://[/x HTTP/1.1\r\nHost: a', 400, 'Bad Request'],
    ['a target with another scheme', 'GET ftp://a/x HTTP/1.1\r\nHost: a', 400, 'Bad Request'],
    ['the target *', 'GET * HTTP/1.1\r\nHost: a', 400, 'Bad Request'],
    ['a request without Host', 'GET / HTTP/1.1\r\nX: y', 400, 'Bad Request'],
    ['an Expect header', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: x', 417, 'Expectation Failed'],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a', 405, 'Method Not Allowed'],
  ])('rejects %s in JSON and reports it with its request id', async (_, head, status, message) => {
    const malformed: MalformedRequest[] = [];
    await start((_req, res) => res.end('reached'), { onMalformed: (request) => malformed.push(request) });
    const response = await send(`${head}\r\nX-Request-Id: mine\r\n\r\n`);
    expect(response).toMatch(new RegExp(`^HTTP/1.1 ${status} ${message}\r\n`));
    expect(response).toMatch(/^Content-Type: application\/json; charset=utf-8\r$/im);
    expect(response).toMatch(/^X-Content-Type-Options: nosniff\r$/im);
    expect(response).toMatch(/^X-Request-Id: mine\r$/im);
    expect(response.split('\r\n\r\n')[1]).toBe(JSON.stringify({ message }));
    expect(malformed).toMatchObject([{ requestId: 'mine', status, method: head.split(' ')[0] }]);
  });

  test('closes a connection with CONNECT behind an unfinished request, so that no response is mistaken', async () => {
    await start(() => undefined);
    expect(await send('GET / HTTP/1.1\r\nHost: a\r\n\r\nCONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('');
  });

  test('uses the path of a target that is a URL', async () => {
    await start((req, res) => res.end(req.url));
    const response = await send('GET http://a/x?y=z HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(response).toMatch(/\r\n\r\n\/x\?y=z$/);
  });

  test('responds to a request before it rejects malformed bytes that follow', async () => {
    await start((_req, res) => void setTimeout(() => res.end('first'), 50));
    const response = await send('GET / HTTP/1.1\r\nHost: a\r\n\r\nGARBAGE\r\n\r\n');
    expect(response).toMatch(/^HTTP\/1.1 200 OK\r\nConnection: close\r\n[^]*\r\n\r\nfirst$/);
  });

  test('cuts off a response that has begun when the request body is malformed, and sends no second response into it', async () => {
    await start((_req, res) => res.write('begun'));
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      if (!received.includes('begun') && (received + chunk).includes('begun')) socket.write('no chunk\r\n');
      received += chunk;
    });
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    await once(socket, 'close');
    expect(received.match(/HTTP\/1.1/g)).toEqual(['HTTP/1.1']);
  });

  test('accepts headers of just under 16 KiB', async () => {
    await start((_req, res) => res.end('reached'));
    expect(
      await send(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ${'x'.repeat(15 * 1024)}\r\n\r\n`),
    ).toContain('reached');
  });
});

describe('createHttpServer', () => {
  test.each([0, 10, 990, 2_010, 3_000])(
    'passes a second Authorization header to the app after %i other headers',
    async (others) => {
      await start((req, res) => res.end(String(req.rawHeaders.filter((name) => name === 'Authorization').length)));
      const head = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: a\r\n';
      expect(await send(`${head}${'a:b\r\n'.repeat(others)}Authorization: b\r\n\r\n`)).toMatch(/\r\n\r\n2$/);
    },
  );

  test('handles pipelined requests one after the other', async () => {
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
    const response = await send(`${request.repeat(9)}GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(response.match(/done/g)).toHaveLength(10);
    expect(most).toBe(1);
  });

  test('closes a connection with more than 32 queued requests', async () => {
    await start(() => undefined);
    expect(await send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1_500))).toBe('');
    expect(await new Promise((resolve) => http.server.getConnections((_, count) => resolve(count)))).toBe(0);
  });

  test('discards a slow request body, and serves the next request on the connection', async () => {
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

  test('is announced by every response, including those to requests that began earlier', async () => {
    const responses: ServerResponse[] = [];
    await start((_req, res) => void responses.push(res));
    const agent = new Agent({ keepAlive: true });
    const sendRequest = () =>
      new Promise<IncomingMessage>((resolve, reject) => {
        request({ port, host: '127.0.0.1', agent }, resolve).on('error', reject).end();
      });
    const first = sendRequest();
    while (responses.length < 1) await new Promise(setImmediate);
    http.announceClose();
    const second = sendRequest();
    while (responses.length < 2) await new Promise(setImmediate);
    for (const response of responses) response.end();
    for (const response of await Promise.all([first, second])) expect(response.headers.connection).toBe('close');
  });

  /** Starts a server that holds its responses back, and sends one request on a keep-alive connection. */
  const startRequest = async (beforeHolding: (res: ServerResponse) => void = () => undefined) => {
    const arrived = new Promise<ServerResponse>((resolve) => {
      void start((_req, res) => {
        beforeHolding(res);
        resolve(res);
      });
    });
    while (!port || !http.server.listening) await new Promise(setImmediate);
    const received = new Promise<IncomingMessage>((resolve, reject) => {
      request({ port, host: '127.0.0.1', agent: new Agent({ keepAlive: true }) }, resolve)
        .on('error', reject)
        .end();
    });
    received.catch(() => undefined);
    return { response: await arrived, received };
  };

  test('waits for a request in flight, then ends its connection', async () => {
    const { response, received } = await startRequest();
    const closed = http.close(60);
    response.end('done');
    const { headers, statusCode } = await received;
    expect(statusCode).toBe(200);
    expect(headers.connection).toBe('close');
    expect(await text(await received)).toBe('done');
    expect(await closed).toBe(true);
  });

  test('waits for a response that began with a keep-alive header', async () => {
    const { response, received } = await startRequest((res) => res.write('begun '));
    const begun = await received;
    const closed = http.close(60);
    response.end('done');
    expect(await text(begun)).toBe('begun done');
    expect(await closed).toBe(true);
  });

  test('ends idle connections at once', async () => {
    await start((_req, res) => res.end('done'));
    const received = await fetch(`http://127.0.0.1:${port}`);
    await received.text();
    expect(await http.close(60)).toBe(true);
  });

  test('accepts no new connections', async () => {
    const { response, received } = await startRequest();
    const closed = http.close(60);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
    response.end();
    (await received).resume();
    expect(await closed).toBe(true);
  });

  test('cuts off requests that exceed the grace time, and returns false', async () => {
    const { received } = await startRequest();
    expect(await http.close(0)).toBe(false);
    await expect(received).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
