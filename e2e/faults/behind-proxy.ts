import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { overSocket, type HttpResponse, type HttpRequest } from '@jobs-api/http-express/testing/contracts';
import { SERVICE } from '../harness/built.ts';
import { startFaultProxy, type FaultScript } from '../harness/fault-proxy.ts';
import { startService } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

/** Default deadline of a request. */
export const DEADLINE_MS = 3_000;
/** Time limit for everything that has no limit of its own. */
const PATIENCE_MS = 30_000;

export const READY: HttpRequest = { path: '/readyz' };

/** Repeats `find` until it returns something. */
export const until = async <Result>(
  find: () => Promise<Result | undefined> | Result | undefined,
  limitMs = PATIENCE_MS,
): Promise<Result> => {
  const end = performance.now() + limitMs;
  do {
    const found = await find();
    if (found !== undefined) return found;
    await sleep(20);
  } while (performance.now() < end);
  throw new Error(`nothing was found within ${limitMs} ms`);
};

/** Starts the built service with a proxy in front of everything that it depends on. */
export const startBehindProxy = async ({
  script,
  deadlineMs = DEADLINE_MS,
}: { script?: FaultScript; deadlineMs?: number } = {}) => {
  const stack = await startStack();
  const proxy = await startFaultProxy(stack.env);
  if (script) proxy.play(script);
  const settings = { REQUEST_TIMEOUT_SECONDS: String(deadlineMs / 1_000) };
  const service = await startService(SERVICE, { ...stack.env, ...proxy.env, ...settings });
  const sendOverSocket = overSocket(service.origin);
  let requests = 0;

  /** Sends a request and returns the response, its duration and its line of the log. */
  const send = async (request: HttpRequest, token?: string): Promise<HttpResponse & { ms: number; logged: string }> => {
    const id = `request-${++requests}`;
    const authorization = token === undefined ? [] : [['Authorization', token] as const];
    const start = performance.now();
    const response = await sendOverSocket({ ...request, headers: [['X-Request-Id', id], ...authorization] });
    const ms = performance.now() - start;
    const logged = await until(() => service.log.find((line) => line.includes(`"request_id":"${id}"`)));
    return { ...response, ms, logged };
  };

  let users = 0;
  /**
   * Makes a user whose job 1 has a file, a file whose key cannot be written in XML, and an unfinished upload. The other jobs
   * have long names, so that a list has two pages.
   */
  const newUser = async ({ otherJobs = 0 } = {}) => {
    const userId = `user-${++users}`;
    await stack.table.put({ userId, jobId: 1, objectUuidNames: { 'a.png': 'A.png' }, status: 'success' });
    for (let jobId = 2; jobId <= 1 + otherJobs; jobId++)
      await stack.table.put({ userId, jobId, jobName: 'x'.repeat(390_000) });
    for (const name of ['a.png', '\u0001']) await stack.bucket.put(`${userId}/1/${name}`, 'x');
    await stack.bucket.startUpload(`${userId}/1/b.mov`);
    const token = await stack.tokenIssuer.issueToken(userId);
    return {
      send: (request: HttpRequest) => send(request, token),
      contents: () => stack.bucket.contents(`${userId}/`),
      hasJob: () => stack.table.has(userId, 1),
      jobs: 1 + otherJobs,
    };
  };

  const close = async () => {
    service.kill('SIGKILL');
    await service.exitCode;
    await proxy.close();
    await stack.close();
  };
  const issueToken = (userId: string) => stack.tokenIssuer.issueToken(userId);
  return { proxy, send, newUser, errors: service.errors, issueToken, close };
};

export type FaultsHarness = Awaited<ReturnType<typeof startBehindProxy>>;
export type FaultsUser = Awaited<ReturnType<FaultsHarness['newUser']>>;

/** Starts the service and waits until it is ready. From then on, only requests make calls. */
export const startReady = async (options?: { deadlineMs: number }) => {
  const harness = await startBehindProxy(options);
  await until(async () => (await harness.send(READY)).status === 200 || undefined);
  return harness;
};

/** Stops the service, and expects that it was still running. */
export const stopHealthy = async (harness: FaultsHarness) => {
  const { status } = await harness.send({ path: '/healthz' });
  await harness.close();
  expect({ status, errors: harness.errors }).toEqual({ status: 200, errors: [] });
};
