import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { decode } from '../testing/decode.ts';
import { sendJson, streamJson, type StreamOptions } from './json.ts';

let server: Server;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const start = async (listener: (req: IncomingMessage, res: ServerResponse) => unknown): Promise<number> => {
  server = createServer((req, res) => void listener(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const ask = async (port: number, method = 'GET', headers = {}) => {
  const sent = request({ port, host: '127.0.0.1', method, headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const body = await buffer(response);
  return { headers: response.headers, text: decode(body, response.headers['content-encoding']), size: body.length };
};

const takeTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));
const freely: StreamOptions = { takeTurn, mayCompress: () => true };

async function* pieces(count: number, length = 1_000): AsyncGenerator<string> {
  for (let index = 0; index < count; index++) yield 'é'.padEnd(length, String(index % 10));
}
const textOf = async (source: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const piece of source) text += piece;
  return text;
};

describe('a JSON body', () => {
  test('that is small has its length, also for HEAD', async () => {
    const port = await start((_req, res) => sendJson(res, { name: 'é' }));
    const answer = await ask(port);
    expect(answer.text).toBe('{"name":"é"}');
    expect(answer.headers).toMatchObject({
      'content-length': '13',
      'content-type': 'application/json; charset=utf-8',
    });
    expect((await ask(port, 'HEAD')).headers).toMatchObject({ 'content-length': '13' });
  });

  test.each(['br', 'gzip'])('that is small has its compressed length in %s, also for HEAD', async (encoding) => {
    const port = await start((_req, res) => streamJson(res, pieces(10), freely));
    const headers = { 'Accept-Encoding': encoding };
    const answer = await ask(port, 'GET', headers);
    expect(answer.text).toBe(await textOf(pieces(10)));
    expect(answer.headers).toMatchObject({ 'content-encoding': encoding, 'content-length': String(answer.size) });
    expect((await ask(port, 'HEAD', headers)).headers).toMatchObject({ 'content-length': String(answer.size) });
  });

  test.each([undefined, 'br', 'gzip'])('that is large is sent whole in the encoding %s', async (encoding) => {
    const port = await start((_req, res) => streamJson(res, pieces(500), freely));
    const headers = encoding === undefined ? {} : { 'Accept-Encoding': encoding };
    const answer = await ask(port, 'GET', headers);
    expect(answer.text).toBe(await textOf(pieces(500)));
    expect(answer.headers['content-encoding']).toBe(encoding);
    expect(answer.headers.vary).toBe('Accept-Encoding');
    const head = await ask(port, 'HEAD', headers);
    expect(head.headers['content-encoding']).toBe(encoding);
    expect(head.headers).not.toHaveProperty('content-length');
  });

  test('that is large is sent as it is if there is no memory to compress it', async () => {
    const port = await start((_req, res) => streamJson(res, pieces(500), { ...freely, mayCompress: () => false }));
    const answer = await ask(port, 'GET', { 'Accept-Encoding': 'br, gzip' });
    expect(answer.headers).not.toHaveProperty('content-encoding');
    expect(answer.text).toBe(await textOf(pieces(500)));
  });

  test('prefers br if the client has no preference', async () => {
    const port = await start((_req, res) => streamJson(res, pieces(10), freely));
    const encodingFor = async (accepted: string) =>
      (await ask(port, 'GET', { 'Accept-Encoding': accepted })).headers['content-encoding'];
    expect(await encodingFor('gzip, deflate, br, zstd')).toBe('br');
    expect(await encodingFor('br;q=0.5, gzip')).toBe('gzip');
    expect(await encodingFor('*')).toBe('br');
    expect(await encodingFor('br;q=0, gzip;q=0')).toBeUndefined();
    expect(await encodingFor('deflate')).toBeUndefined();
  });

  test('is made no faster than its client reads, and no more once the client has disconnected', async () => {
    let made = 0;
    async function* endless() {
      for (;;) {
        made++;
        yield 'x'.repeat(64 * 1024);
      }
    }
    let onOver: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (onOver = resolve));
    const port = await start((_req, res) => streamJson(res, endless(), freely).then(onOver));
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    // Loopback takes some megabytes; then nothing more is made.
    let before = -1;
    while (made !== before) {
      before = made;
      await sleep(300);
    }
    socket.destroy();
    await over;
    expect(made - before).toBeLessThanOrEqual(2);
  });

  test('that fails on its way is cut off, so that no client takes it for whole', async () => {
    async function* failing() {
      yield 'x'.repeat(100_000);
      await takeTurn();
      throw new Error('no more');
    }
    let failure: unknown;
    const port = await start((_req, res) =>
      streamJson(res, failing(), freely).catch((error: unknown) => (failure = error)),
    );
    await expect(ask(port)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(failure).toMatchObject({ message: 'no more' });
  });

  test('that fails before it has begun leaves the response to its caller', async () => {
    async function* failing(): AsyncGenerator<string> {
      yield 'x';
      throw new Error('nothing');
    }
    const port = await start((_req, res) =>
      streamJson(res, failing(), freely).catch((error: unknown) => sendJson(res, { error: String(error) }, 500)),
    );
    expect((await ask(port)).text).toBe('{"error":"Error: nothing"}');
  });
});
