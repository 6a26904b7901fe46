import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { fetchText } from './fetch-text.ts';

const MEBIBYTE = 1_048_576;

let server: Server;
let uri: string;
let respond: RequestListener;
let requests: string[];

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    respond(request, response);
  });
  uri = `${await listen(server)}/keys?of=issuer`;
});

afterEach(() => closeServer(server));

describe('fetchText', () => {
  test('returns the text, however it is split into pieces', async () => {
    const text = Buffer.from('{"keys":["☃"]}');
    respond = (_, response) => response.write(text.subarray(0, 11), () => response.end(text.subarray(11)));
    expect(await fetchText(uri)).toBe('{"keys":["☃"]}');
    expect(requests).toEqual(['GET /keys?of=issuer']);
  });

  test('closes its connection', async () => {
    let connections = 0;
    server.on('connection', () => connections++);
    respond = (_, response) => response.end('text');
    await fetchText(uri);
    await fetchText(uri);
    expect(connections).toBe(2);
  });

  test('returns exactly 1 MiB', async () => {
    respond = (_, response) => response.end(Buffer.alloc(MEBIBYTE, 'x'));
    expect(await fetchText(uri)).toHaveLength(MEBIBYTE);
  });

  test.each<[string, RegExp, RequestListener]>([
    ['responds with status 500', /status 500$/, (_, response) => response.writeHead(500).end('text')],
    [
      'responds with status 404 and does not end the response',
      /status 404$/,
      (_, response) => response.writeHead(404).write('text'),
    ],
    ['responds with status 304', /status 304$/, (_, response) => response.writeHead(304).end()],
    ['redirects', /status 302$/, (_, response) => response.writeHead(302, { Location: '/elsewhere' }).end()],
    ['resets the connection', /ECONNRESET/, (request) => request.socket.resetAndDestroy()],
    ['closes the connection', /socket hang up/, (request) => request.socket.destroy()],
    ['does not speak HTTP', /Parse Error/, (request) => request.socket.end('nonsense\r\n\r\n')],
    [
      'resets within the body',
      /aborted|ECONNRESET/,
      (q, response) => response.write('te', () => q.socket.resetAndDestroy()),
    ],
    ['closes within the body', /aborted/, (q, response) => response.write('te', () => q.socket.destroy())],
    [
      'sends less than its Content-Length',
      /aborted/,
      ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntext'),
    ],
    ['sends 1 byte more than 1 MiB', /more than 1048576/, (_, response) => response.end(Buffer.alloc(MEBIBYTE + 1))],
    [
      'sends without end',
      /more than 1048576 bytes$/,
      (_, response) => {
        const write = () => {
          while (response.write(Buffer.alloc(65_536)));
        };
        response.on('drain', write);
        write();
      },
    ],
  ])('rejects when the server %s', async (_, message, listener) => {
    respond = listener;
    await expect(fetchText(uri)).rejects.toThrow(message);
    expect(requests).toEqual(['GET /keys?of=issuer']);
  });

  test.each<[string, RequestListener]>([
    ['does not respond', () => undefined],
    ['hangs within the body', (_, response) => response.write('te')],
    ['sends a byte now and then', (_, response) => void setInterval(() => response.write('t'), 10).unref()],
  ])('times out and closes the connection when the server %s', async (_, listener) => {
    const closed = new Promise((resolve) => server.on('connection', (socket) => socket.on('close', resolve)));
    respond = listener;
    await expect(fetchText(uri, { timeoutMs: 50 })).rejects.toThrow('did not respond within 50 ms');
    await closed;
  });

  test('rejects an address without a server, and a text that is not an address', async () => {
    await expect(fetchText('http://127.0.0.1:1/')).rejects.toThrow('ECONNREFUSED');
    await expect(fetchText('nonsense')).rejects.toThrow('Invalid URL');
    await expect(fetchText('ftp://127.0.0.1/')).rejects.toThrow('ftp:');
  });
});
