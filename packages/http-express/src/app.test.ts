import { createServer, request as httpRequest } from 'node:http';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createJobs, Unavailable, type CallOptions } from '@jobs-api/core';
import { MemoryAuthenticator, MemoryJobStore, MemoryObjectStore } from '@jobs-api/core/testing';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { pino } from 'pino';
import { createApp, type AppOptions } from './app.ts';
import { InFlight } from './request/in-flight.ts';
import { ClientGone } from './request/lifecycle.ts';
import { expectDocumented, overSocket, type HttpRequest } from './testing/contracts.ts';

let jobStore: MemoryJobStore;
let objectStore: MemoryObjectStore;
let authenticator: MemoryAuthenticator;
let lines: Record<string, unknown>[];
let closeAll: (() => Promise<unknown>)[];

beforeEach(() => {
  jobStore = new MemoryJobStore();
  objectStore = new MemoryObjectStore();
  authenticator = new MemoryAuthenticator();
  lines = [];
  closeAll = [];
});

afterEach(async () => {
  await Promise.all(closeAll.map((close) => close()));
});

const start = async (options: Partial<AppOptions> = {}) => {
  const log = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const app = createApp({
    jobs: createJobs({ jobStore, objectStore }),
    authenticator,
    logger: pino({ base: null }, log),
    ...options,
  });
  const server = createServer(app);
  const origin = await listen(server);
  closeAll.push(() => closeServer(server));
  const sendOverSocket = overSocket(origin);
  const send = async (request: HttpRequest) => {
    const response = await sendOverSocket(request);
    expectDocumented(request, response);
    return response;
  };
  const authorization = ['Authorization', authenticator.issueToken('alice')] as const;
  const sendAsAlice = (method: string, path: string) =>
    send({ method, path: `/api/v1/jobs${path}`, headers: [authorization] });
  return { send, sendAsAlice, authorization, origin };
};

const routes = [
  ['GET', '/list', jobStoreFails('list')],
  ['GET', '/get?job-id=1', jobStoreFails('find')],
  ['GET', '/get-object-url?job-id=1&object-uuid=a.png', objectStoreFails('presign')],
  ['DELETE', '/delete?job-id=1', objectStoreFails('deleteAll')],
  ['DELETE', '/delete?job-id=1', jobStoreFails('delete')],
] as const;

function jobStoreFails(method: keyof MemoryJobStore['failures']) {
  return (error: Error) => {
    jobStore.failures[method] = error;
  };
}

function objectStoreFails(method: keyof MemoryObjectStore['failures']) {
  return (error: Error) => {
    objectStore.failures[method] = error;
  };
}

describe('createApp', () => {
  test.each(routes)(
    '%s %s returns 500 when an adapter throws an unexpected error, which only the log describes',
    async (method, path, fail) => {
      fail(Object.assign(new Error('the disk is on fire'), { code: 'EIO' }));
      const { sendAsAlice } = await start();
      const response = await sendAsAlice(method, path);
      expect(response).toMatchObject({ status: 500, body: '{"message":"Internal server failure message"}' });
      expect(lines).toMatchObject([
        {
          level: 50,
          request_id: response.headers['x-request-id'],
          status: 500,
          user_id: 'alice',
          error: { message: 'the disk is on fire', code: 'EIO', stack: expect.stringContaining('app.test.ts') },
        },
      ]);
    },
  );

  test.each(routes)('%s %s returns 503 when an adapter throws Unavailable', async (method, path, fail) => {
    fail(new Unavailable('GetItem failed: TimeoutError', { cause: new Error('socket hang up') }));
    const { sendAsAlice } = await start();
    const response = await sendAsAlice(method, path);
    expect(response).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
    expect(response.headers['retry-after']).toBe('1');
    expect(lines).toMatchObject([{ level: 40, error: { name: 'Unavailable', cause: { message: 'socket hang up' } } }]);
  });

  test('GET /list returns 503 when the authenticator throws Unavailable', async () => {
    authenticator.failure = new Unavailable('no token signing keys have been fetched yet');
    const { sendAsAlice } = await start();
    expect(await sendAsAlice('GET', '/list')).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
  });

  test('logs no token, signature or session token that an error quotes', async () => {
    jobStore.failures.find = new Error(
      'GET https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA1%2F2026&X-Amz-Security-Token=canary1&X-Amz-Signature=canary2&x=1 with eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.canary3',
    );
    const { sendAsAlice } = await start();
    await sendAsAlice('GET', '/get?job-id=1');
    expect(JSON.stringify(lines)).toContain('https://b.s3.amazonaws.com/k');
    expect(JSON.stringify(lines)).not.toMatch(/canary|eyJ|AKIA/);
  });
});

describe('a request whose deadline is reached', () => {
  test.each([
    ['GET', '/list'],
    ['GET', '/get?job-id=1'],
    ['DELETE', '/delete?job-id=1'],
  ])('returns 503: %s %s', async (method, path) => {
    const untilAborted = (signal: AbortSignal | undefined) =>
      new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
    jobStore.find = (_userId, _jobId, options) => untilAborted(options?.signal);
    jobStore.delete = (_userId, _jobId, options) => untilAborted(options?.signal);
    jobStore.list = async function* (_userId, _range, options) {
      yield await untilAborted(options?.signal);
    };
    const { sendAsAlice } = await start({ requestTimeoutSeconds: () => 0.05 });
    expect(await sendAsAlice(method, path)).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
  });
});

describe('the log line of DELETE /delete', () => {
  beforeEach(() => {
    jobStore.put({ userId: 'alice', jobId: 7, status: 'queued' });
    for (const name of ['a', 'b', 'c']) objectStore.put(`alice/7/${name}`, 'four');
    objectStore.startUpload('alice/7/d');
  });

  test('has the counts of the receipt, whether or not the client requests one', async () => {
    const { sendAsAlice } = await start();
    expect(await sendAsAlice('DELETE', '/delete?job-id=7')).toMatchObject({ status: 200, body: '{"message":"Ok"}' });
    const removed = { record: 'deleted', objects: 3, uploads: 1, bytes: 12, verified_at: expect.any(String) };
    expect(lines).toMatchObject([{ status: 200, job_id: 7, removed }]);
    const { body } = await sendAsAlice('DELETE', '/delete?job-id=7&include=receipt');
    const { job_id, ...numbers } = (JSON.parse(body) as { receipt: Record<string, unknown> }).receipt;
    expect(lines[1]).toMatchObject({ job_id, removed: numbers });
    expect(numbers).toMatchObject({ record: 'absent', objects: 0, uploads: 0, bytes: 0 });
  });

  test('has the counts of what a delete removed until it failed', async () => {
    const { sendAsAlice } = await start();
    const deleteAll = objectStore.deleteAll.bind(objectStore);
    objectStore.deleteAll = (prefix, options) =>
      deleteAll(prefix, {
        ...options,
        onRemoved: (removed) => {
          options?.onRemoved?.(removed);
          objectStore.failures.deleteAll = new Unavailable('the bucket');
        },
      });
    expect(await sendAsAlice('DELETE', '/delete?job-id=7&include=receipt')).toMatchObject({ status: 503 });
    const removed = { record: null, objects: 2, uploads: 0, bytes: 8, verified_at: null };
    expect(lines).toMatchObject([{ status: 503, job_id: 7, removed }]);

    delete objectStore.failures.deleteAll;
    objectStore.deleteAll = deleteAll;
    jobStore.failures.delete = new Error('the disk is on fire');
    expect(await sendAsAlice('DELETE', '/delete?job-id=7')).toMatchObject({ status: 500 });
    expect(lines[1]).toMatchObject({ status: 500, removed: { record: null, objects: 1, uploads: 1, bytes: 4 } });
  });

  test('says that a delete which was refused removed nothing', async () => {
    const { sendAsAlice } = await start();
    expect(await sendAsAlice('DELETE', '/delete?job-id=7&only-if=finished')).toMatchObject({ status: 409 });
    const removed = { record: null, objects: 0, uploads: 0, bytes: 0, verified_at: null };
    expect(lines).toMatchObject([{ status: 409, job_id: 7, removed, reason: 'job 7 is not finished' }]);
  });
});

describe('createApp', () => {
  /** Holds a store call until it is released or, with `heedsSignal`, aborted. */
  const hold = (method: 'find' | 'delete', heedsSignal: boolean) => {
    let release: () => void = () => undefined;
    const signals: AbortSignal[] = [];
    const entered = new Promise<void>((enter) => {
      jobStore[method] = (_user: unknown, _job: unknown, { signal }: CallOptions) =>
        new Promise<never>((resolve, reject) => {
          if (signal) signals.push(signal);
          if (heedsSignal) signal?.addEventListener('abort', () => reject(signal.reason as Error));
          release = () => resolve(undefined as never);
          enter();
        });
    });
    return { entered, signals, release: () => release() };
  };

  const startAndDisconnect = async (
    method: string,
    path: string,
    entered: Promise<void>,
    options: Partial<AppOptions>,
  ) => {
    const { origin, authorization } = await start(options);
    const request = httpRequest(`${origin}/api/v1/jobs${path}`, {
      method,
      headers: Object.fromEntries([authorization]),
    });
    request.on('error', () => undefined).end();
    await entered;
    request.destroy();
  };

  const untilLogged = async () => {
    while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  test('GET stops its work at once when its client disconnects, and is no longer in flight', async () => {
    const inFlight = new InFlight({ max: 1 });
    const { entered, signals } = hold('find', true);
    await startAndDisconnect('GET', '/get?job-id=1', entered, { inFlight });
    await inFlight.idle();
    expect(signals[0]?.reason).toBeInstanceOf(ClientGone);
    await untilLogged();
    expect(lines).toMatchObject([{ status: null, aborted: true, user_id: 'alice', job_id: 1 }]);
    expect(lines[0]).not.toHaveProperty('error');
  });

  test('DELETE continues and stays in flight when its client disconnects, and is logged at its end', async () => {
    const inFlight = new InFlight({ max: 1 });
    const { entered, signals, release } = hold('delete', true);
    await startAndDisconnect('DELETE', '/delete?job-id=1', entered, { inFlight });
    let isIdle = false;
    const idle = inFlight.idle().then(() => (isIdle = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect({ isIdle, isAborted: signals[0]?.aborted, lines }).toEqual({ isIdle: false, isAborted: false, lines: [] });
    release();
    await idle;
    await untilLogged();
    expect(lines).toMatchObject([{ method: 'DELETE', aborted: true, job_id: 1 }]);
  });

  test('DELETE stops at its deadline after its client has disconnected', async () => {
    const inFlight = new InFlight({ max: 1 });
    const { entered } = hold('delete', true);
    const options = { inFlight, requestTimeoutSeconds: () => 0.2 };
    await startAndDisconnect('DELETE', '/delete?job-id=1', entered, options);
    await inFlight.idle();
    await untilLogged();
    expect(lines).toMatchObject([
      { method: 'DELETE', aborted: true, error: { message: 'the request ran out of time' } },
    ]);
  });
});

describe('createApp with a limit of one request in flight', () => {
  /** Holds `find` until it is released. */
  const holdFirst = () => {
    let release: () => void = () => undefined;
    const held = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
    const entered = new Promise<void>((resolve) => {
      jobStore.find = () => {
        resolve();
        return held;
      };
    });
    return { entered, release };
  };

  test('returns 503 to a second request, and serves requests that need no work', async () => {
    const { entered, release } = holdFirst();
    const { send, sendAsAlice } = await start({ inFlight: new InFlight({ max: 1 }) });
    const first = sendAsAlice('GET', '/get?job-id=1');
    await entered;
    const shed = await sendAsAlice('GET', '/list');
    expect(shed).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
    expect(shed.headers['retry-after']).toBe('1');
    expect(await send({ path: '/api/v1/jobs/list' })).toMatchObject({ status: 401 });
    expect(await sendAsAlice('GET', '/get?job-id=0')).toMatchObject({ status: 400 });
    expect(await send({ path: '/nowhere' })).toMatchObject({ status: 404 });
    expect(await send({ path: '/healthz' })).toMatchObject({ status: 200 });
    release();
    expect(await first).toMatchObject({ status: 404 });
    expect(await sendAsAlice('GET', '/list')).toMatchObject({ status: 200 });
  });

  test('returns 503 to a second request after the deadline of a first one that ignores its signal', async () => {
    const { release } = holdFirst();
    const inFlight = new InFlight({ max: 1 });
    const { sendAsAlice } = await start({ inFlight, requestTimeoutSeconds: () => 0.05 });
    expect(await sendAsAlice('GET', '/get?job-id=1')).toMatchObject({ status: 503 });
    expect(await sendAsAlice('GET', '/list')).toMatchObject({ status: 503 });
    release();
    await inFlight.idle();
    expect(await sendAsAlice('GET', '/list')).toMatchObject({ status: 200 });
  });
});

describe('GET /readyz', () => {
  test('names the failing checks in order, and logs their errors', async () => {
    const { send } = await start({
      readinessChecks: {
        table: async () => {
          await Promise.resolve();
          throw new Error('AccessDeniedException');
        },
        bucket: async () => undefined,
        'token keys': async () => Promise.reject(new Unavailable('never fetched')),
      },
    });
    const response = await send({ path: '/readyz' });
    expect(response).toMatchObject({ status: 503, body: '{"status":"not ready","failing":["table","token keys"]}' });
    expect(lines).toMatchObject([{ status: 503, error: { errors: [{}, {}] } }]);
    expect(JSON.stringify(lines)).toContain('AccessDeniedException');
  });

  test('runs its checks once for many requests', async () => {
    let runs = 0;
    const { send } = await start({
      readinessChecks: {
        table: async () => {
          runs++;
        },
      },
    });
    for (let time = 1; time <= 3; time++) expect(await send({ path: '/readyz' })).toMatchObject({ status: 200 });
    expect(runs).toBe(1);
  });

  test('returns 503 at once when the service shuts down, while other routes are served', async () => {
    const shutdown = new AbortController();
    const { send, sendAsAlice } = await start({ shutdown: shutdown.signal });
    expect(await send({ path: '/readyz' })).toMatchObject({ status: 200, body: '{"status":"ready"}' });
    shutdown.abort();
    const notReady = { status: 503, body: '{"status":"not ready","failing":["shutting down"]}' };
    expect(await send({ path: '/readyz' })).toMatchObject(notReady);
    expect(await send({ path: '/healthz' })).toMatchObject({ status: 200 });
    expect(await sendAsAlice('GET', '/list')).toMatchObject({ status: 200 });
  });
});

describe('CORS', () => {
  const origin = ['Origin', 'https://app.example.com'] as const;
  const preflight = [origin, ['Access-Control-Request-Method', 'DELETE'] as const];

  test('responds to a preflight without a token', async () => {
    const { send } = await start({ corsOrigins: ['https://app.example.com'] });
    const { status, headers } = await send({ method: 'OPTIONS', path: '/api/v1/jobs/delete', headers: preflight });
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-methods': 'GET,HEAD,DELETE',
      'access-control-allow-headers': 'Authorization,X-Request-Id',
    });
  });

  test('allows a page of a configured origin to read responses and errors', async () => {
    const { send, authorization } = await start({ corsOrigins: ['https://app.example.com'] });
    for (const headers of [[origin], [origin, authorization]]) {
      const response = await send({ path: '/api/v1/jobs/list', headers });
      expect(response.headers).toMatchObject({
        'access-control-allow-origin': 'https://app.example.com',
        'access-control-expose-headers': 'X-Request-Id,Retry-After,WWW-Authenticate',
      });
    }
  });

  test('does not allow pages of other origins', async () => {
    const { send } = await start({ corsOrigins: ['https://app.example.com'] });
    for (const other of ['https://evil.example.com', 'null', 'https://app.example.com.evil.example']) {
      const { headers } = await send({ path: '/api/v1/jobs/list', headers: [['Origin', other]] });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('returns 405 for an OPTIONS request that is not a preflight', async () => {
    const { send } = await start({ corsOrigins: ['https://app.example.com'] });
    const response = await send({ method: 'OPTIONS', path: '/api/v1/jobs/list', headers: [origin] });
    expect(response).toMatchObject({ status: 405, body: '{"message":"Method Not Allowed"}' });
  });

  test('is off unless origins are configured', async () => {
    const { send } = await start();
    const response = await send({ method: 'OPTIONS', path: '/api/v1/jobs/delete', headers: preflight });
    expect(response).toMatchObject({ status: 405 });
    expect(response.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('the request log', () => {
  test('has a line for each request, with the route and not the URL', async () => {
    const { send, sendAsAlice } = await start();
    await sendAsAlice('GET', '/get?job-id=5&secret=canary');
    await send({ path: '/api/v1/jobs/list?secret=canary' });
    await send({ path: '/secret-canary' });
    expect(lines).toMatchObject([
      {
        level: 30,
        method: 'GET',
        route: '/api/v1/jobs/get',
        status: 404,
        user_id: 'alice',
        reason: 'job 5 does not exist',
      },
      { level: 30, method: 'GET', route: '/api/v1/jobs/list', status: 401, reason: 'there is no token' },
      { level: 30, method: 'GET', route: null, status: 404 },
    ]);
    for (const line of lines) expect(line).toMatchObject({ request_id: expect.any(String), ms: expect.any(Number) });
    expect(JSON.stringify(lines)).not.toContain('canary');
  });

  test('names the unreadable records that a list left out', async () => {
    for (const jobId of [2, 4]) jobStore.putUnreadable('alice', jobId);
    const { sendAsAlice } = await start();
    await sendAsAlice('GET', '/list');
    expect(lines).toMatchObject([
      { level: 40, status: 200, unreadable_records: 2, unreadable_jobs: [{ job_id: '2' }, { job_id: '4' }] },
    ]);
  });

  test('names the unreadable record that a get failed with', async () => {
    jobStore.putUnreadable('alice', 2);
    const { sendAsAlice } = await start();
    await sendAsAlice('GET', '/get?job-id=2');
    expect(lines).toMatchObject([{ level: 50, error: { name: 'UnreadableJob' } }]);
    expect(JSON.stringify(lines)).toContain('job 2 of user alice');
  });
});
