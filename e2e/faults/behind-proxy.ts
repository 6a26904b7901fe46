import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { overSocket, type HttpResponse, type HttpRequest } from '@jobs-api/http-express/testing/contracts';
import { SERVICE } from '../harness/built.ts';
import { startFaultProxy, type Script } from '../harness/fault-proxy.ts';
import { startService } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

/** How long the service may take over a request, unless it is told otherwise. */
export const DEADLINE_MS = 3_000;
/** For what is not measured. */
const PATIENCE_MS = 30_000;

export const READY: HttpRequest = { path: '/readyz' };

/** Asks until there is something. */
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
  throw new Error(`not within ${limitMs} ms`);
};

/** The built service, with a proxy between it and all that it depends on. */
export const startBehindProxy = async ({
  script,
  deadlineMs = DEADLINE_MS,
}: { script?: Script; deadlineMs?: number } = {}) => {
  const stack = await startStack();
  const proxy = await startFaultProxy(stack.env);
  if (script) proxy.play(script);
  const settings = { REQUEST_TIMEOUT_SECONDS: String(deadlineMs / 1_000) };
  const service = await startService(SERVICE, { ...stack.env, ...proxy.env, ...settings });
  const askOnSocket = overSocket(service.origin);
  let questions = 0;

  /** Asks a question, and answers what came back, how long that took, and what the log says of it. */
  const ask = async (question: HttpRequest, token?: string): Promise<HttpResponse & { ms: number; logged: string }> => {
    const id = `question-${++questions}`;
    const authorization = token === undefined ? [] : [['Authorization', token] as const];
    const start = performance.now();
    const answer = await askOnSocket({ ...question, headers: [['X-Request-Id', id], ...authorization] });
    const ms = performance.now() - start;
    const logged = await until(() => service.log.find((line) => line.includes(`"request_id":"${id}"`)));
    return { ...answer, ms, logged };
  };

  let users = 0;
  /**
   * A user whose job 1 has a file, one whose key no XML can carry, and an upload that was not completed. The others are
   * there for their names: with them a list has two pages.
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
      ask: (question: HttpRequest) => ask(question, token),
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
  return { proxy, ask, newUser, errors: service.errors, issueToken, close };
};

export type Harness = Awaited<ReturnType<typeof startBehindProxy>>;
export type User = Awaited<ReturnType<Harness['newUser']>>;

/** Once it is ready: from then on, only requests make calls. */
export const startReady = async (options?: { deadlineMs: number }) => {
  const harness = await startBehindProxy(options);
  await until(async () => (await harness.ask(READY)).status === 200 || undefined);
  return harness;
};

/** While nothing that went wrong has ended the service. */
export const stopHealthy = async (harness: Harness) => {
  const { status } = await harness.ask({ path: '/healthz' });
  await harness.close();
  expect({ status, errors: harness.errors }).toEqual({ status: 200, errors: [] });
};
