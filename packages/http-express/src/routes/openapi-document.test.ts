import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createJobs } from '@jobs-api/core';
import { MemoryAuthenticator, MemoryJobStore, MemoryObjectStore } from '@jobs-api/core/testing';
import { listen } from '@jobs-api/local/loopback';
import { pino } from 'pino';
import { createApp, type AppOptions } from '../app.ts';
import { InFlight } from '../request/in-flight.ts';
import { createHttpServer } from '../service/http-server.ts';
import { openapi } from './openapi-document.ts';
import { queryParameters } from '../request/parameters.ts';
import {
  documentedOperations,
  documentedRows,
  exampleOf,
  expectDocumented,
  overSocket,
  type HttpResponse,
  type DocumentedRow,
} from '../testing/contracts.ts';

let jobStore: MemoryJobStore;
let objectStore: MemoryObjectStore;
let closeAll: (() => Promise<unknown>)[];

beforeEach(() => {
  jobStore = new MemoryJobStore();
  objectStore = new MemoryObjectStore();
  closeAll = [];
});

afterEach(async () => {
  await Promise.all(closeAll.map((close) => close()));
});

const authenticator = new MemoryAuthenticator();
const TOKEN = authenticator.issueToken('user-id');

const appWith = (options: Partial<AppOptions>) =>
  createApp({
    jobs: createJobs({ jobStore, objectStore }),
    authenticator,
    logger: pino({ level: 'silent' }),
    ...options,
  });

interface Asked {
  readonly answer: HttpResponse;
  /** The row of that response in the document. */
  readonly row: DocumentedRow | undefined;
}

const start = async (options: Partial<AppOptions> = {}) => {
  const { server, close } = createHttpServer(appWith(options), { keepAliveSeconds: 1 });
  closeAll.push(() => close(0));
  const ask = overSocket(await listen(server));
  return async (method: string, path: string, token = TOKEN): Promise<Asked> => {
    const question = { method, path, headers: token === '' ? [] : [['Authorization', token] as const] };
    const answer = await ask(question);
    return { answer, row: expectDocumented(question, answer) };
  };
};

const job = {
  userId: 'user-id',
  jobId: 1,
  jobName: 'Job Name',
  date: '2020-01-01 12:00:00.000000000 UTC',
  status: 'success',
};

/** A well-formed value of each required parameter. */
const GIVEN: Readonly<Record<string, string>> = { 'job-id': '1', 'object-uuid': 'uuid.ext' };

const operations = documentedOperations().map((operation) => {
  const names = operation.parameters.filter(({ required }) => required).map(({ name }) => name);
  return { ...operation, query: new URLSearchParams(names.map((name): [string, string] => [name, GIVEN[name] ?? ''])) };
});

test('the OpenAPI document has exactly the routes and methods of the app', async () => {
  interface Layer {
    readonly route?: { readonly path: string };
    readonly handle: { readonly stack?: readonly Layer[] };
  }
  const pathsOf = (stack: readonly Layer[]): string[] =>
    stack.flatMap(({ route, handle }) => (route ? [route.path] : pathsOf(handle.stack ?? [])));
  const paths = pathsOf(appWith({}).router.stack as unknown as readonly Layer[]);
  expect(Object.keys(openapi.paths).sort()).toEqual(paths.sort());

  // expectDocumented compares Allow, which has the methods of the route, with the document.
  const ask = await start();
  for (const path of paths) expect((await ask('PATCH', path)).answer.status).toBe(405);
});

test('the app returns every response of the OpenAPI document and no other', async () => {
  const seen = new Set<DocumentedRow | undefined>();
  /** Sends a request for every operation, well-formed except for the given token and query. */
  const askAll = async (
    options: Partial<AppOptions> = {},
    { token, query = {} }: { token?: string; query?: Record<string, string> } = {},
  ) => {
    const ask = await start(options);
    for (const operation of operations) {
      const asked = new URLSearchParams([...Object.entries(query), ...operation.query]).toString();
      seen.add((await ask(operation.method, `${operation.path}?${asked}`, token)).row);
    }
  };

  jobStore.put({ ...job, status: 'queued' });
  await askAll({}, { query: { 'only-if': 'finished' } });
  await askAll();
  await askAll(); // the job is deleted by now
  await askAll({}, { token: '' });
  await askAll({}, { token: 'x'.repeat(17_000) });
  await askAll({}, { query: { 'job-id': '2', limit: '0' } });
  await askAll({ inFlight: new InFlight({ max: 0 }) });
  await askAll({ readinessChecks: { table: async () => Promise.reject(new Error('no table')) } });
  for (const method of ['list', 'find', 'delete'] as const) jobStore.failures[method] = new Error('broken');
  for (const method of ['presign', 'deleteAll'] as const) objectStore.failures[method] = new Error('broken');
  await askAll();

  // Only Lambda limits the size of responses. Its own tests cover those rows.
  const expected = documentedRows().filter((row) => !row.endsWith(' 413'));
  expect([...seen].sort()).toEqual(expected.sort());
});

describe('the examples of an operation', () => {
  /** Links and times differ each time: only their presence is compared. */
  const comparable = (body: unknown): unknown =>
    JSON.parse(
      JSON.stringify(body)
        .replaceAll(/"(https|memory):[^"]*"/g, '"link"')
        .replaceAll(/"\d{4}-\d\d-\d\dT[^"]*Z"/g, '"time"'),
    );

  const records = {
    '/api/v1/jobs/list': { totalSize: 10240, creditsSpent: 1 },
    '/api/v1/jobs/get': {
      totalSize: 5020,
      creditsSpent: 2,
      email: 'example@domain.com',
      objectUuidNames: { 'uuid.png': 'file.png' },
      mediaLength: { 'uuid.png': 1 },
    },
    '/api/v1/jobs/get-object-url': {},
    '/api/v1/jobs/delete': {},
  };

  beforeEach(() => {
    for (let index = 1; index <= 11; index++) objectStore.put(`user-id/1/${index}.png`, 'x'.repeat(index));
    objectStore.put('user-id/1/12.png', 'x'.repeat(871_234 - 66));
    objectStore.startUpload('user-id/1/13.png');
  });

  test.each(Object.entries(records))('of %s form a valid request with the response shown', async (path, record) => {
    jobStore.put({ ...job, ...record });
    const operation = operations.find((one) => one.path === path);
    const examples = operation?.parameters.flatMap(({ name, example }): [string, string][] =>
      example === undefined ? [] : [[name, example]],
    );
    const query = new URLSearchParams(examples).toString();
    const { answer, row = '' } = await (await start())(operation?.method ?? '', `${path}?${query}`);
    expect(row).toMatch(/ 200$/);
    expect(comparable(JSON.parse(answer.body))).toEqual(comparable(exampleOf(row)));
  });

  test.each([
    ['GET', '/api/v1/jobs/list', '?limit=0'],
    ['GET', '/api/v1/jobs/get', ''],
    ['GET', '/api/v1/jobs/get-object-url', ''],
    ['DELETE', '/api/v1/jobs/delete', ''],
  ])('for a wrong parameter are what %s %s%s returns', async (method, path, query) => {
    const { answer, row = '' } = await (await start())(method, path + query);
    expect(row).toMatch(/ 400$/);
    expect(JSON.parse(answer.body)).toEqual(exampleOf(row));
  });
});

describe('the app accepts exactly the values that the OpenAPI document allows for', () => {
  const ascii = Array.from({ length: 128 }, (_, code) => `a${String.fromCharCode(code)}`);
  const numbers = [0, 1, 2, 45, 999, 1000, 1001, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e21].map(String);
  const notNumbers = ['-1', '+1', '01', '1.0', '1e3', '0x1', ' 1', '1 ', '1,2', 'NaN', '9007199254740993', '１'];
  const words = ['asc', 'desc', 'ASC', 'up', 'object-urls', 'Object-Urls', 'results', 'archived', 'unknown', 'null'];
  const statuses = ['pending', 'queued', 'processing', 'processing...45%', 'success', 'failed_critical', 'Success'];
  const names = ['uuid.ext', '.a', '..', '-a', '_a', 'A', '0', 'é', '😀', '\u0085', '\u00a0', 'a/b', 'a\\b'];
  const lengths = ['a', '_', '/', 'é', '😀'].flatMap((character) =>
    [255, 256].map((length) => character.repeat(length)),
  );
  const lists = ['success,queued', 'success,', ',success', 'success,success', '1,2', '1,', ',1', '1,,2', '1,01'];
  const dates = [
    ...['2026-01-31T00:00:00Z', '2026-01-31t00:00:00.123z', '2026-01-31T00:00:00+02:00', '2016-12-31T23:59:60Z'],
    ...['2026-01-31 00:00:00Z', '2026-01-31', '2026-01-31T00:00:00', '2026-02-29T00:00:00Z', '2026-01-31T24:00:00Z'],
  ];
  const only = ['finished', 'receipt', 'full', 'min', '604800', '604801'];
  const values = [
    ...lists,
    ...dates,
    ...only,
    ...ascii,
    ...numbers,
    ...notNumbers,
    ...words,
    ...statuses,
    ...names,
    ...lengths,
  ];

  const cases = operations
    .filter(({ path }) => path.startsWith('/api/'))
    .flatMap((operation) => Object.values(queryParameters).map(({ name }) => ({ ...operation, name })));

  test.each(cases)('$name of $method $path', async ({ method, path, query, parameters, name }) => {
    const ask = await start();
    const statusFor = async (value: string) => {
      const asked = new URLSearchParams(query);
      asked.set(name, value);
      return (await ask(method, `${path}?${asked.toString()}`)).answer.status;
    };
    const parameter = parameters.find((one) => one.name === name);
    const isTaken = (value: string) => !parameter || parameter.takes(value);
    // A pattern cannot say which id is the largest.
    const isTooLarge = (value: string) => /^[0-9]{16}$/.test(value) && Number(value) > Number.MAX_SAFE_INTEGER;
    const all = name === 'job-ids' ? values.filter((value) => !isTooLarge(value)) : values;
    const tried = parameter ? all : [...notNumbers, ...words];

    const taken: string[] = [];
    for (const value of tried) if ((await statusFor(value)) !== 400) taken.push(value);
    // A cursor is opaque: most texts that match its pattern are not one.
    if (name === 'cursor' && parameter) expect(taken).toEqual([]);
    else expect(taken).toEqual(tried.filter(isTaken));
    expect((await statusFor('')) === 400).toBe(parameter?.required ?? false);
  });

  test('cursor: every next_cursor', async () => {
    for (const jobId of [1, 2, Number.MAX_SAFE_INTEGER]) jobStore.put({ ...job, jobId });
    const ask = await start();
    const list = operations.find(({ path }) => path === '/api/v1/jobs/list');
    const cursor = list?.parameters.find(({ name }) => name === 'cursor');
    for (const query of ['limit=1', 'limit=1&order=desc', 'limit=1&status=success']) {
      const { answer } = await ask('GET', `/api/v1/jobs/list?${query}`);
      const { next_cursor } = JSON.parse(answer.body) as { next_cursor: string };
      expect(cursor?.takes(next_cursor)).toBe(true);
      expect((await ask('GET', `/api/v1/jobs/list?${query}&cursor=${next_cursor}`)).answer.status).toBe(200);
    }
  });
});

describe('expectDocumented', () => {
  const question = { path: '/healthz' };
  const headers = {
    'x-request-id': 'id',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-type': 'application/json; charset=utf-8',
  };
  const right = { status: 200, headers, body: '{"status":"ok"}' };

  test('returns the row of a documented response', () => {
    expect(expectDocumented(question, right)).toBe('GET /healthz 200');
  });

  test.each([
    ['an undocumented status', { ...right, status: 202 }, 'the status is not documented'],
    ['a wrong value', { ...right, body: '{"status":"fine"}' }, 'must be equal to constant'],
    ['a missing field', { ...right, body: '{}' }, "must have required property 'status'"],
    ['an undocumented field', { ...right, body: '{"status":"ok","since":1}' }, 'must NOT have additional properties'],
    ['a missing header', { ...right, headers: { ...headers, 'x-request-id': undefined } }, 'x-request-id is missing'],
    ['an undocumented header', { ...right, headers: { ...headers, 'x-new': '1' } }, 'x-new is not documented'],
    ['a wrong header value', { ...right, headers: { ...headers, 'cache-control': 'public' } }, 'cache-control'],
    [
      'a wrong content type',
      { ...right, headers: { ...headers, 'content-type': 'text/plain' } },
      'the content type is text/plain',
    ],
  ])('throws because of %s', (_, answer, problem) => {
    expect(() => expectDocumented(question, answer)).toThrow(problem);
  });

  test('throws because of an undocumented route', () => {
    expect(() => expectDocumented({ path: '/new' }, right)).toThrow('the status is not documented');
    expect(() => expectDocumented({ ...question, method: 'POST' }, right)).toThrow('the status is not documented');
  });
});
