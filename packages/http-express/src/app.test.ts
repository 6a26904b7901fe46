import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createJobs, Unavailable, type CallOptions } from '@jobs-api/core';
import { MemoryAuthenticator, MemoryJobStore, MemoryObjectStore } from '@jobs-api/core/testing';
import { pino } from 'pino';
import { createApp } from './app.ts';
import type { AppOptions } from './app.ts';
import { InFlight } from './request/in-flight.ts';
import { ClientGone } from './request/lifecycle.ts';
import { expectDocumented, overSocket } from './testing/contracts.ts';
import type { HttpRequest } from './testing/contracts.ts';

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
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeAll.push(() => new Promise((resolve) => server.close(resolve)));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const askOver = overSocket(origin);
  const ask = async (question: HttpRequest) => {
    const answer = await askOver(question);
    expectDocumented(question, answer);
    return answer;
  };
  const authorization = ['Authorization', authenticator.issueToken('alice')] as const;
  const askAs = (method: string, path: string) =>
    ask({ method, path: `/api/v1/jobs${path}`, headers: [authorization] });
  return { ask, askAs, authorization, origin };
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

describe('a failure', () => {
  test.each(routes)(
    'of %s %s that nobody foresaw is answered 500, and told in the log alone',
    async (method, path, fail) => {
      fail(Object.assign(new Error('the disk is on fire'), { code: 'EIO' }));
      const { askAs } = await start();
      const answer = await askAs(method, path);
      expect(answer).toMatchObject({ status: 500, body: '{"message":"Internal server failure message"}' });
      expect(lines).toMatchObject([
        {
          level: 50,
          request_id: answer.headers['x-request-id'],
          status: 500,
          user_id: 'alice',
          error: { message: 'the disk is on fire', code: 'EIO', stack: expect.stringContaining('app.test.ts') },
        },
      ]);
    },
  );

  test.each(routes)('of %s %s that may pass is answered 503', async (method, path, fail) => {
    fail(new Unavailable('GetItem failed: TimeoutError', { cause: new Error('socket hang up') }));
    const { askAs } = await start();
    const answer = await askAs(method, path);
    expect(answer).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
    expect(answer.headers['retry-after']).toBe('1');
    expect(lines).toMatchObject([{ level: 40, error: { name: 'Unavailable', cause: { message: 'socket hang up' } } }]);
  });

  test('of the authenticator that may pass is answered 503', async () => {
    authenticator.failure = new Unavailable('the token keys have never been had');
    const { askAs } = await start();
    expect(await askAs('GET', '/list')).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
  });

  test('shows no token, signature or session token in the log', async () => {
    jobStore.failures.find = new Error(
      'GET https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA1%2F2026&X-Amz-Security-Token=canary1&X-Amz-Signature=canary2&x=1 with eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.canary3',
    );
    const { askAs } = await start();
    await askAs('GET', '/get?job-id=1');
    expect(JSON.stringify(lines)).toContain('https://b.s3.amazonaws.com/k');
    expect(JSON.stringify(lines)).not.toMatch(/canary|eyJ|AKIA/);
  });
});

describe('a request that takes longer than it may', () => {
  test.each([
    ['GET', '/list'],
    ['GET', '/get?job-id=1'],
    ['DELETE', '/delete?job-id=1'],
  ])('is answered 503: %s %s', async (method, path) => {
    const untilAborted = (signal: AbortSignal | undefined) =>
      new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
    jobStore.find = (_user, _job, options) => untilAborted(options?.signal);
    jobStore.delete = (_user, _job, options) => untilAborted(options?.signal);
    jobStore.list = async function* (_user, _range, options) {
      yield await untilAborted(options?.signal);
    };
    const { askAs } = await start({ requestTimeoutSeconds: () => 0.05 });
    expect(await askAs(method, path)).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
  });
});

describe('a request whose client disconnects', () => {
  /** Holds the call of a method until it is released or, if it heeds its signal, aborted. */
  const hold = (method: 'find' | 'delete', heedsSignal: boolean) => {
    let release: () => void = () => undefined;
    const signals: AbortSignal[] = [];
    const entered = new Promise<void>((enter) => {
      jobStore[method] = (_user: unknown, _job: unknown, { signal }: CallOptions) =>
        new Promise<undefined>((resolve, reject) => {
          if (signal) signals.push(signal);
          if (heedsSignal) signal?.addEventListener('abort', () => reject(signal.reason as Error));
          release = () => resolve(undefined);
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

  test('stops reading at once, and gives its place back', async () => {
    const inFlight = new InFlight({ max: 1 });
    const { entered, signals } = hold('find', true);
    await startAndDisconnect('GET', '/get?job-id=1', entered, { inFlight });
    await inFlight.idle();
    expect(signals[0]?.reason).toBeInstanceOf(ClientGone);
    await untilLogged();
    expect(lines).toMatchObject([{ status: null, aborted: true, user_id: 'alice', job_id: 1 }]);
    expect(lines[0]).not.toHaveProperty('error');
  });

  test('continues to delete until that is done, keeps its place until then, and is logged then', async () => {
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

  test('stops deleting at its deadline', async () => {
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

describe('requests beyond those that may be in flight', () => {
  /** Holds the first `get` until it is released. */
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

  test('are refused with 503; requests that need no work are not', async () => {
    const { entered, release } = holdFirst();
    const { ask, askAs } = await start({ inFlight: new InFlight({ max: 1 }) });
    const first = askAs('GET', '/get?job-id=1');
    await entered;
    const shed = await askAs('GET', '/list');
    expect(shed).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
    expect(shed.headers['retry-after']).toBe('1');
    expect(await ask({ path: '/api/v1/jobs/list' })).toMatchObject({ status: 401 });
    expect(await askAs('GET', '/get?job-id=0')).toMatchObject({ status: 400 });
    expect(await ask({ path: '/nowhere' })).toMatchObject({ status: 404 });
    expect(await ask({ path: '/healthz' })).toMatchObject({ status: 200 });
    release();
    expect(await first).toMatchObject({ status: 404 });
    expect(await askAs('GET', '/list')).toMatchObject({ status: 200 });
  });

  test('are still refused after the deadline of those that ignore their signal', async () => {
    const { release } = holdFirst();
    const inFlight = new InFlight({ max: 1 });
    const { askAs } = await start({ inFlight, requestTimeoutSeconds: () => 0.05 });
    expect(await askAs('GET', '/get?job-id=1')).toMatchObject({ status: 503 });
    expect(await askAs('GET', '/list')).toMatchObject({ status: 503 });
    release();
    await inFlight.idle();
    expect(await askAs('GET', '/list')).toMatchObject({ status: 200 });
  });
});

describe('readiness', () => {
  test('names what fails, in the order of the checks, and why in the log', async () => {
    const { ask } = await start({
      readinessChecks: {
        table: async () => {
          await Promise.resolve();
          throw new Error('AccessDeniedException');
        },
        bucket: async () => undefined,
        'token keys': async () => Promise.reject(new Unavailable('never had')),
      },
    });
    const answer = await ask({ path: '/readyz' });
    expect(answer).toMatchObject({ status: 503, body: '{"status":"not ready","failing":["table","token keys"]}' });
    expect(lines).toMatchObject([{ status: 503, error: { errors: [{}, {}] } }]);
    expect(JSON.stringify(lines)).toContain('AccessDeniedException');
  });

  test('is told to many from one look', async () => {
    let looks = 0;
    const { ask } = await start({
      readinessChecks: {
        table: async () => {
          looks++;
        },
      },
    });
    for (let time = 1; time <= 3; time++) expect(await ask({ path: '/readyz' })).toMatchObject({ status: 200 });
    expect(looks).toBe(1);
  });

  test('ends at once with the service', async () => {
    const shutdown = new AbortController();
    const { ask, askAs } = await start({ shutdown: shutdown.signal });
    expect(await ask({ path: '/readyz' })).toMatchObject({ status: 200, body: '{"status":"ready"}' });
    shutdown.abort();
    const notReady = { status: 503, body: '{"status":"not ready","failing":["shutting down"]}' };
    expect(await ask({ path: '/readyz' })).toMatchObject(notReady);
    expect(await ask({ path: '/healthz' })).toMatchObject({ status: 200 });
    expect(await askAs('GET', '/list')).toMatchObject({ status: 200 });
  });
});

describe('CORS', () => {
  const origin = ['Origin', 'https://app.example.com'] as const;
  const preflight = [origin, ['Access-Control-Request-Method', 'DELETE'] as const];

  test('answers a preflight before the token is asked for', async () => {
    const { ask } = await start({ corsOrigins: ['https://app.example.com'] });
    const { status, headers } = await ask({ method: 'OPTIONS', path: '/api/v1/jobs/delete', headers: preflight });
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-methods': 'GET,HEAD,DELETE',
      'access-control-allow-headers': 'Authorization,X-Request-Id',
    });
  });

  test('lets a page read answers and errors alike', async () => {
    const { ask, authorization } = await start({ corsOrigins: ['https://app.example.com'] });
    for (const headers of [[origin], [origin, authorization]]) {
      const answer = await ask({ path: '/api/v1/jobs/list', headers });
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': 'https://app.example.com',
        'access-control-expose-headers': 'X-Request-Id,Retry-After,WWW-Authenticate',
      });
    }
  });

  test('lets no other page', async () => {
    const { ask } = await start({ corsOrigins: ['https://app.example.com'] });
    for (const other of ['https://evil.example.com', 'null', 'https://app.example.com.evil.example']) {
      const { headers } = await ask({ path: '/api/v1/jobs/list', headers: [['Origin', other]] });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('leaves an OPTIONS that is no preflight to the routes', async () => {
    const { ask } = await start({ corsOrigins: ['https://app.example.com'] });
    const answer = await ask({ method: 'OPTIONS', path: '/api/v1/jobs/list', headers: [origin] });
    expect(answer).toMatchObject({ status: 405, body: '{"message":"Method Not Allowed"}' });
  });

  test('is not there unless it is configured', async () => {
    const { ask } = await start();
    const answer = await ask({ method: 'OPTIONS', path: '/api/v1/jobs/delete', headers: preflight });
    expect(answer).toMatchObject({ status: 405 });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('the log', () => {
  test('has a line for each request, with the route and not the URL', async () => {
    const { ask, askAs } = await start();
    await askAs('GET', '/get?job-id=5&secret=canary');
    await ask({ path: '/api/v1/jobs/list?secret=canary' });
    await ask({ path: '/secret-canary' });
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

  test('names the records that a list left out', async () => {
    for (const jobId of [2, 4]) jobStore.putUnreadable('alice', jobId);
    const { askAs } = await start();
    await askAs('GET', '/list');
    expect(lines).toMatchObject([
      { level: 40, status: 200, unreadable_records: 2, unreadable_jobs: [{ job_id: '2' }, { job_id: '4' }] },
    ]);
  });

  test('says which record could not be read', async () => {
    jobStore.putUnreadable('alice', 2);
    const { askAs } = await start();
    await askAs('GET', '/get?job-id=2');
    expect(lines).toMatchObject([{ level: 50, error: { name: 'UnreadableJob' } }]);
    expect(JSON.stringify(lines)).toContain('job 2 of user alice');
  });
});
