import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { jobPrefix, parseJobId, parseObjectUuid, parseUserId, uploadedFileKey } from '@jobs-api/core';
import { FolderObjectStore } from './folder-object-store.ts';

const secret = 'a secret of these tests';
const [userId, jobId] = [parseUserId('alice'), parseJobId(1)];
const key = uploadedFileKey(userId, jobId, parseObjectUuid('photo.png'));

let directory: string;
let server: Server;
let store: FolderObjectStore;
let publicUrl: string;

const storeWith = (options: { secret?: string; urlTtlSeconds?: number }) =>
  new FolderObjectStore({ directory, publicUrl, secret, urlTtlSeconds: 60, ...options });

const presignOne = async (from: FolderObjectStore): Promise<string> =>
  (await (await from.presigner()).presign([key]))[0] as string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'objects-'));
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/where`;
  store = storeWith({});
  server.on('request', store.serve);
  await store.put(key, 'picture');
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

test('a link returns the object with its media type, sandboxed', async () => {
  const response = await fetch(await presignOne(store));
  expect(await response.text()).toBe('picture');
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': '7',
    'content-security-policy': 'sandbox',
    'x-content-type-options': 'nosniff',
  });
});

test('a link returns a range of the object', async () => {
  const response = await fetch(await presignOne(store), { headers: { Range: 'bytes=1-2' } });
  expect(response.status).toBe(206);
  expect(await response.text()).toBe('ic');
});

test('a link returns 403 after it has expired', async () => {
  expect((await fetch(await presignOne(storeWith({ urlTtlSeconds: 0 })))).status).toBe(403);
  const { expiresAt } = await storeWith({ urlTtlSeconds: 60 }).presigner();
  expect(expiresAt.getTime() - Date.now()).toBeGreaterThan(0);
  expect(expiresAt.getTime() - Date.now()).toBeLessThanOrEqual(60_000);
});

test('a link that was changed returns 403', async () => {
  const url = await presignOne(store);
  for (const other of [
    url.replace(/expires=\d+/, 'expires=9999999999'),
    `${url}&download-as=photo.html`,
    url.replace('alice', 'bob'),
    url.replace('/alice/1/', '/alice/1/..%2F1/'),
    await presignOne(storeWith({ secret: 'another' })),
    `${publicUrl}/alice/1/photo.png`,
    `${publicUrl}/%zz?signature=00`,
  ])
    expect([other, (await fetch(other)).status]).toEqual([other, 403]);
});

test.each(['PUT', 'DELETE', 'POST'])('a link returns 403 to %s', async (method) => {
  expect((await fetch(await presignOne(store), { method })).status).toBe(403);
  expect(await (await fetch(await presignOne(store))).text()).toBe('picture');
});

test('a request target that is not a path returns 403', async () => {
  for (const path of ['//', '*', 'http://', '/some/where/../../..']) {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1.1 403 /);
  }
});

test('a link to an object that does not exist returns 404', async () => {
  await store.deleteAll(jobPrefix(userId, jobId));
  expect((await fetch(await presignOne(store))).status).toBe(404);
});

test('deleteAll leaves no folder of the job behind', async () => {
  await store.put('alice/10/photo.png', 'picture');
  await store.deleteAll(jobPrefix(userId, jobId));
  expect(await readdir(join(directory, '+alice'))).toEqual(['+10']);
});

test('deleteAll is unavailable if the disk is not mounted', async () => {
  await rm(directory, { recursive: true });
  await expect(store.deleteAll(jobPrefix(userId, jobId))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await store.put(key, 'picture');
});
