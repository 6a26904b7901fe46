import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createJobs, Unavailable } from '@jobs-api/core';
import { MemoryAuthenticator, MemoryJobStore, MemoryObjectStore } from '@jobs-api/core/testing';
import { pino } from 'pino';
import { createApp } from './app.ts';
import type { AppOptions } from './app.ts';
import { expectDocumented, overSocket } from './testing/contracts.ts';
import type { HttpQuestion } from './testing/contracts.ts';

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
    readinessChecks: {},
    shutdown: new AbortController().signal,
    requestTimeoutSeconds: () => 10,
    maxInFlight: 100,
    corsOrigins: [],
    ...options,
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeAll.push(() => new Promise((resolve) => server.close(resolve)));
  const askOver = overSocket(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const ask = async (question: HttpQuestion) => {
    const answer = await askOver(question);
    expectDocumented(question, answer);
    return answer;
  };
  const authorization = ['Authorization', authenticator.issueToken('alice')] as const;
  const askAs = (method: string, path: string) =>
    ask({ method, path: `/api/v1/jobs${path}`, headers: [authorization] });
  return { ask, askAs, authorization };
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

describe('requests beyond those that may be in flight', () => {
  test('are answered 503 before anything else, and health checks are not counted', async () => {
    let release: (() => void) | undefined;
    const held = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined);
    });
    const entered = new Promise<void>((resolve) => {
      jobStore.find = () => {
        resolve();
        return held;
      };
    });
    const { ask, askAs } = await start({ maxInFlight: 1 });
    const first = askAs('GET', '/get?job-id=1');
    await entered;
    const shed = await ask({ path: '/api/v1/jobs/list' });
    expect(shed).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
    expect(shed.headers['retry-after']).toBe('1');
    expect(await ask({ path: '/nowhere' })).toMatchObject({ status: 503 });
    expect(await ask({ path: '/healthz' })).toMatchObject({ status: 200 });
    release?.();
    expect(await first).toMatchObject({ status: 404 });
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
    expect(lines).toMatchObject([{ level: 40, status: 200, unreadable_jobs: ['2', '4'] }]);
  });

  test('says which record could not be read', async () => {
    jobStore.putUnreadable('alice', 2);
    const { askAs } = await start();
    await askAs('GET', '/get?job-id=2');
    expect(lines).toMatchObject([{ level: 50, error: { name: 'UnreadableJob' } }]);
    expect(JSON.stringify(lines)).toContain('job 2 of user alice');
  });
});
