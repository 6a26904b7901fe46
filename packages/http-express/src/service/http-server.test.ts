import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createHttpServer } from './http-server.ts';
import type { HttpServer } from './http-server.ts';

let http: HttpServer;
let port: number;

const start = async (listener: RequestListener) => {
  http = createHttpServer(listener, { keepAliveSeconds: 65 });
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

describe('close', () => {
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
