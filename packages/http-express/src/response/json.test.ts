import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { decode } from '../testing/decode.ts';
import { sendJson, streamJson, type JsonStreamOptions } from './json.ts';

let server: Server;

afterEach(() => closeServer(server));

const start = async (listener: (req: IncomingMessage, res: ServerResponse) => unknown): Promise<number> => {
  server = createServer((req, res) => void listener(req, res));
  return Number(new URL(await listen(server)).port);
};

const send = async (port: number, method = 'GET', headers = {}) => {
  const sent = request({ port, host: '127.0.0.1', method, headers, agent: false }).end();
  const [incoming] = (await once(sent, 'response')) as [IncomingMessage];
  const body = await buffer(incoming);
  return { headers: incoming.headers, text: decode(body, incoming.headers['content-encoding']), size: body.length };
};

const takeTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));
const unlimited: JsonStreamOptions = { takeTurn, mayCompress: () => true };

async function* pieces(count: number, length = 1_000): AsyncGenerator<string> {
  for (let index = 0; index < count; index++) yield 'é'.padEnd(length, String(index % 10));
}
const textOf = async (source: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const piece of source) text += piece;
  return text;
};

describe('sendJson', () => {
  test('sets Content-Length, also for HEAD', async () => {
    const port = await start((_req, res) => sendJson(res, { name: 'é' }));
    const response = await send(port);
    expect(response.text).toBe('{"name":"é"}');
    expect(response.headers).toMatchObject({
      'content-length': '13',
      'content-type': 'application/json; charset=utf-8',
    });
    expect((await send(port, 'HEAD')).headers).toMatchObject({ 'content-length': '13' });
  });
});

describe('streamJson', () => {
  test.each(['br', 'gzip'])(
    'sets the compressed Content-Length of a small body in %s, also for HEAD',
    async (encoding) => {
      const port = await start((_req, res) => streamJson(res, pieces(10), unlimited));
      const headers = { 'Accept-Encoding': encoding };
      const response = await send(port, 'GET', headers);
      expect(response.text).toBe(await textOf(pieces(10)));
      expect(response.headers).toMatchObject({ 'content-encoding': encoding, 'content-length': String(response.size) });
      expect((await send(port, 'HEAD', headers)).headers).toMatchObject({ 'content-length': String(response.size) });
    },
  );

  test.each([undefined, 'br', 'gzip'])('sends all of a large body in the encoding %s', async (encoding) => {
    const port = await start((_req, res) => streamJson(res, pieces(500), unlimited));
    const headers = encoding === undefined ? {} : { 'Accept-Encoding': encoding };
    const response = await send(port, 'GET', headers);
    expect(response.text).toBe(await textOf(pieces(500)));
    expect(response.headers['content-encoding']).toBe(encoding);
    expect(response.headers.vary).toBe('Accept-Encoding');
    const head = await send(port, 'HEAD', headers);
    expect(head.headers['content-encoding']).toBe(encoding);
    expect(head.headers).not.toHaveProperty('content-length');
  });

  test('sends a large body uncompressed if there is no memory for compression', async () => {
    const port = await start((_req, res) => streamJson(res, pieces(500), { ...unlimited, mayCompress: () => false }));
    const response = await send(port, 'GET', { 'Accept-Encoding': 'br, gzip' });
    expect(response.headers).not.toHaveProperty('content-encoding');
    expect(response.text).toBe(await textOf(pieces(500)));
  });

  test('prefers br if the client has no preference', async () => {
    const port = await start((_req, res) => streamJson(res, pieces(10), unlimited));
    const encodingFor = async (accepted: string) =>
      (await send(port, 'GET', { 'Accept-Encoding': accepted })).headers['content-encoding'];
    expect(await encodingFor('gzip, deflate, br, zstd')).toBe('br');
    expect(await encodingFor('br;q=0.5, gzip')).toBe('gzip');
    expect(await encodingFor('*')).toBe('br');
    expect(await encodingFor('br;q=0, gzip;q=0')).toBeUndefined();
    expect(await encodingFor('deflate')).toBeUndefined();
  });

  test('makes pieces no faster than the client reads, and none after the client has disconnected', async () => {
    let made = 0;
    async function* endless() {
      for (;;) {
        made++;
        yield 'x'.repeat(64 * 1024);
      }
    }
    let onOver: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (onOver = resolve));
    const port = await start((_req, res) => streamJson(res, endless(), unlimited).then(onOver));
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    // The kernel buffers some megabytes on loopback.
    let before = -1;
    while (made !== before) {
      before = made;
      await sleep(300);
    }
    socket.destroy();
    await over;
    expect(made - before).toBeLessThanOrEqual(2);
  });

  test('cuts off a response whose piece fails, so that no client considers it complete', async () => {
    async function* failing() {
      yield 'x'.repeat(100_000);
      await takeTurn();
      throw new Error('no more');
    }
    let failure: unknown;
    const port = await start((_req, res) =>
      streamJson(res, failing(), unlimited).catch((error: unknown) => (failure = error)),
    );
    await expect(send(port)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(failure).toMatchObject({ message: 'no more' });
  });

  test('leaves the response to its caller if the first piece fails', async () => {
    async function* failing(): AsyncGenerator<string> {
      yield 'x';
      throw new Error('nothing');
    }
    const port = await start((_req, res) =>
      streamJson(res, failing(), unlimited).catch((error: unknown) => sendJson(res, { error: String(error) }, 500)),
    );
    expect((await send(port)).text).toBe('{"error":"Error: nothing"}');
  });
});
