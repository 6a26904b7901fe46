import { Agent } from 'node:http';
import { expect } from '@jest/globals';
import { download, type LocalStack } from '@jobs-api/local';
import fc from 'fast-check';
import { overSocket, type HttpResponse } from '@jobs-api/http-express/testing/contracts';
import { startStack } from '../harness/stack.ts';
import {
  BASE,
  commands,
  USER_IDS,
  type IsolationCommand,
  type RequestHeaders,
  type Model,
  type ModelJob,
  type Real,
} from './commands.ts';
import { SERVICE } from '../harness/built.ts';
import { startService } from '../harness/service-process.ts';

/** Number of conversations at once, over the same connections. */
const LANES = 4;

/** Counts of everything that was observed. */
export interface Tally {
  /** Requests that got a response. */
  requests: number;
  /** Links that were followed. */
  links: number;
  /** Names of jobs and contents of files that were shown to a user. */
  seen: number;
  /** Those of them that belong to another user. */
  crossings: number;
  /** Jobs and objects that were left at the end, as in the model. */
  compared: number;
}

/** Each run has its own users, so that no run has to clean up after the one before. */
const runOnce = async (
  stack: LocalStack,
  steps: Iterable<IsolationCommand>,
  run: number,
  send: (method: string, target: string, token: string, headers?: RequestHeaders) => Promise<HttpResponse>,
  tally: Tally,
): Promise<void> => {
  const inRun = (userId: string) => `${run}-${userId}`;
  const tokens = new Map(
    await Promise.all(
      USER_IDS.map(async (userId) => [userId, await stack.tokenIssuer.issueToken(inRun(userId))] as const),
    ),
  );
  const model: Model = { jobs: new Map(), objects: new Map() };
  const real: Real = {
    inRun,
    send: (userId, method, target, headers) => send(method, BASE + target, tokens.get(userId) ?? '', headers),
    sendAs: async (userId, method, target) => send(method, BASE + target, await stack.tokenIssuer.issueToken(userId)),
    putJob: (userId, jobId, { jobName, status, files }) => {
      const objectUuidNames = Object.fromEntries(files.map((file) => [file, file]));
      return stack.table.put({ userId: inRun(userId), jobId, jobName, status, objectUuidNames });
    },
    putObject: (key, content) => stack.bucket.put(inRun(key), content),
    get: async (userId, url) => {
      tally.links++;
      const content = (await download(url))?.body;
      if (content !== undefined) real.countSeen(userId, content);
      return content;
    },
    countSeen: (userId, text) => {
      tally.seen++;
      if (!text.startsWith(`${inRun(userId)}/`)) tally.crossings++;
    },
    cursors: [],
  };
  await fc.asyncModelRun(() => ({ model, real }), steps);

  for (const userId of USER_IDS) {
    const expected = [...(model.jobs.get(userId) ?? new Map<number, ModelJob>())].map(([jobId, job]) => [
      jobId,
      job.jobName,
    ]);
    expect(await stack.table.jobNames(inRun(userId))).toEqual(
      expected.sort(([one], [other]) => Number(one) - Number(other)),
    );
  }
  const keys = [...model.objects.keys()].map((key) => `version ${inRun(key)}`);
  const stored = await Promise.all(USER_IDS.map((userId) => stack.bucket.contents(`${inRun(userId)}/`)));
  expect(stored.flat().sort()).toEqual(keys.sort());
  tally.compared += keys.length + [...model.jobs.values()].reduce((sum, jobs) => sum + jobs.size, 0);
};

/**
 * Lets users whose jobs have the same ids send any requests, in any order, with parameters that are valid, invalid or
 * hostile. Compares every response, the content behind every link and, at the end, everything that is stored with a model of
 * what each user may see.
 *
 * @param requests least number of requests to send
 */
export const checkIsolation = async (requests: number): Promise<Tally> => {
  const stack = await startStack();
  const service = await startService(SERVICE, stack.env);
  // Users share connections, as they do behind a load balancer.
  const agent = new Agent({ keepAlive: true, maxSockets: LANES });
  const sendOverSocket = overSocket(service.origin, agent);
  const tally: Tally = { requests: 0, links: 0, seen: 0, crossings: 0, compared: 0 };
  let runs = 0;
  const send = (method: string, path: string, token: string, headers: RequestHeaders = []) => {
    tally.requests++;
    return sendOverSocket({ method, path, headers: [['Authorization', token], ...headers] });
  };
  const property = fc.asyncProperty(fc.commands(commands, { size: '+1' }), (steps) =>
    runOnce(stack, steps, ++runs, send, tally),
  );
  const converse = async () => {
    // Shrinking would take as long as the first run, so a failure is reported as it is.
    while (tally.requests < requests) await fc.assert(property, { numRuns: 5, endOnFailure: true });
  };
  try {
    await Promise.all(Array.from({ length: LANES }, converse));
    // Every refusal has its reason: no request failed.
    expect(service.log.filter((line) => !line.includes('"level":"info"'))).toEqual([]);
  } finally {
    agent.destroy();
    service.kill('SIGKILL');
    await service.exitCode;
    await stack.close();
  }
  return tally;
};
