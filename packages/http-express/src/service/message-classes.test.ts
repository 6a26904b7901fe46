import { once } from 'node:events';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import type { Express } from 'express';
import { messageClasses } from './message-classes.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, 'close');
  }
});

const newApp = (name: string): Express => {
  const app = express();
  app.set('name', name);
  app.get('/', (req, res) => {
    res.status(203).json({ app: req.app.get('name') as string, secure: req.secure, query: req.query });
  });
  return app;
};

/** Answers with the status and what the app says, and whether Express has changed the prototype of either message. */
const ask = async (app: Express, server: Server) => {
  const changed: boolean[] = [];
  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    const before = [Object.getPrototypeOf(req), Object.getPrototypeOf(res)] as const;
    app(req, res);
    changed.push(Object.getPrototypeOf(req) !== before[0], Object.getPrototypeOf(res) !== before[1]);
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/?a=1`, { headers: { Connection: 'close' } });
  return { status: response.status, body: await response.json(), changed };
};

const answer = (app: string) => ({ status: 203, body: { app, secure: false, query: { a: '1' } } });

describe('a server with the classes of an app', () => {
  test('has its messages left as they are', async () => {
    const app = newApp('one');
    expect(await ask(app, createServer(messageClasses(app)))).toEqual({ ...answer('one'), changed: [false, false] });
  });

  test('shares them with no other', async () => {
    const [one, other] = [newApp('one'), newApp('other')];
    const [ofOne, ofOther] = [createServer(messageClasses(one)), createServer(messageClasses(other))];
    expect(await ask(one, ofOne)).toMatchObject(answer('one'));
    expect(await ask(other, ofOther)).toMatchObject(answer('other'));
    expect('app' in IncomingMessage.prototype).toBe(false);
    expect('json' in ServerResponse.prototype).toBe(false);
  });
});

test('an app with classes of its own answers a server with others all the same', async () => {
  const app = newApp('one');
  messageClasses(app);
  expect(await ask(app, createServer())).toEqual({ ...answer('one'), changed: [true, true] });
});

test('classes that are given are the ones that are changed', async () => {
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {}
  const app = newApp('one');
  const classes = { IncomingMessage: Request, ServerResponse: Response };
  expect(messageClasses(app, classes)).toBe(classes);
  expect(await ask(app, createServer(classes))).toEqual({ ...answer('one'), changed: [false, false] });
});
