import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  DEADLINE_MS,
  READY,
  startBehindProxy,
  startReady,
  stopHealthy,
  until,
  type FaultsHarness,
  type FaultsUser,
} from './behind-proxy.ts';
import type { HttpResponse, HttpRequest } from '@jobs-api/http-express/testing/contracts';
import type { FaultScript } from '../harness/fault-proxy.ts';
import { emptyResponse, faults, refusedKeys, type Fault } from '../harness/faults.ts';

/** Returns whether a fault of a call is tried. Calls are named as in {@link CALLS} and {@link CHECKS}, or `JWKS`. */
export type FaultChoice = (call: string, fault: string) => boolean;

/** Deadline that leaves time for a retry of a call that hangs, also on a slow machine. One attempt may take 40 % of it. */
const LONG_DEADLINE_MS = 15_000;
/** Shortest of all deadlines: that of a readiness check and of a fetch of the token keys. */
const CHECK_MS = 2_000;
/** Margin for a slow machine. The SDK alone, with three attempts of 4 s, takes longer than a deadline and this margin. */
const MARGIN_MS = 5_000;
/** Time within which a service recovers from a fault. */
const RECOVERY_MS = 5_000;
/** Attempts of the SDK. Nothing else retries. */
const maxAttempts = (call: string): number => (/Table|Item|Query/.test(call) ? 4 : 3);
const CROWD = 20;
/** More than the SDK's default number of connections. */
const LARGE_CROWD = 60;

const LIST: HttpRequest = { path: '/api/v1/jobs/list' };
const GET: HttpRequest = { path: '/api/v1/jobs/get?job-id=1' };
const GET_OBJECT_URL: HttpRequest = { path: '/api/v1/jobs/get-object-url?job-id=1&object-uuid=a.png' };
const DELETE: HttpRequest = { method: 'DELETE', path: '/api/v1/jobs/delete?job-id=1' };

interface FaultyCall {
  readonly name: string;
  /** Number of the first call with the fault. 2 if the call before succeeds. */
  readonly from: number;
  /** Request that makes the call. */
  readonly request: HttpRequest;
}

/** Calls that requests for jobs make to the table or the bucket. */
const CALLS: Readonly<Record<string, FaultyCall>> = {
  Query: { name: 'Query', from: 1, request: LIST },
  'Query for a second page': { name: 'Query', from: 2, request: LIST },
  GetItem: { name: 'GetItem', from: 1, request: GET },
  ListMultipartUploads: { name: 'ListMultipartUploads', from: 1, request: DELETE },
  AbortMultipartUpload: { name: 'AbortMultipartUpload', from: 1, request: DELETE },
  ListObjectVersions: { name: 'ListObjectVersions', from: 1, request: DELETE },
  DeleteObject: { name: 'DeleteObject', from: 1, request: DELETE },
  DeleteObjects: { name: 'DeleteObjects', from: 1, request: DELETE },
  DeleteItem: { name: 'DeleteItem', from: 1, request: DELETE },
  'ListMultipartUploads after the record is gone': { name: 'ListMultipartUploads', from: 3, request: DELETE },
  'ListObjectVersions after the record is gone': { name: 'ListObjectVersions', from: 3, request: DELETE },
};
const CHECKS = { DescribeTable: 'table', HeadBucket: 'bucket' };
const WITHOUT_BODY = ['AbortMultipartUpload', 'DeleteObject', 'HeadBucket'];

const OK = { status: 200 };
const UNAVAILABLE = {
  status: 503,
  body: '{"message":"Service Unavailable"}',
  headers: expect.objectContaining({ 'retry-after': '1' }) as unknown,
};
const FAILURE = { status: 500, body: '{"message":"Internal server failure message"}' };
const UNAUTHORIZED = { status: 401, body: '{"message":"Unauthorized"}' };
const RESPONSES = { success: OK, 'a retry': UNAVAILABLE, nothing: FAILURE };

const isPossible = (name: string, fault: string): boolean => !(faults[fault]?.needsBody && WITHOUT_BODY.includes(name));

const faultsOf = (name: string, isChosen: (fault: string) => boolean) =>
  Object.entries(faults).filter(([fault]) => isPossible(name, fault) && isChosen(fault));

/** Applies the script to `count` calls of that name, starting with the one numbered `from`. */
const only =
  (name: string, script: FaultScript, { from = 1, count = Infinity } = {}): FaultScript =>
  (call, forward) =>
    call.name === name && call.nth >= from && call.nth < from + count ? script(call, forward) : forward();

/** Expectations for a request that succeeded. */
const expectSuccess = async (user: FaultsUser, request: HttpRequest, { status, body }: HttpResponse): Promise<void> => {
  expect({ status, body }).toMatchObject(OK);
  if (request === LIST) expect(body.match(/"job_id":/g)).toHaveLength(user.jobs);
  if (request === GET) expect(body).toContain('results/a.png.min.json');
  if (request === DELETE) expect([await user.contents(), await user.hasJob()]).toEqual([[], false]);
};

/** Tries every fault in every call of every request. Each request gets the documented response in time. */
export const describeFaultsOfCalls = (isChosen: FaultChoice = () => true): void => {
  describe('the service, when', () => {
    let harness: FaultsHarness;

    beforeAll(async () => {
      harness = await startReady();
    });

    afterAll(() => stopHealthy(harness));

    describe.each(Object.entries(CALLS))('%s', (title, { name, from, request }) => {
      let user: FaultsUser;
      const attempts = () => harness.proxy.calls.filter((call) => call.name === name && call.nth >= from).length;
      const play = (script: FaultScript) => harness.proxy.play(only(name, script, { from }));

      beforeEach(async () => {
        user = await harness.newUser({ otherJobs: title === 'Query for a second page' ? 3 : 0 });
      });

      afterEach(async () => {
        if ((await user.contents()).length > 0) expect(await user.hasJob()).toBe(true);
        await harness.proxy.restore();
        const response = await user.send(request);
        await expectSuccess(user, request, response);
        expect(response.ms).toBeLessThan(RECOVERY_MS);
      });

      const chosen = faultsOf(name, (fault) => isChosen(title, fault));
      test.each(chosen)('%s, sends the documented response in time, and succeeds afterwards', async (_, fault) => {
        play(fault.script);
        const response = await user.send(request);
        expect(response).toMatchObject(RESPONSES[fault.leaves]);
        expectExplanation(response, fault);
        if (fault.leaves === 'a retry') expect(attempts()).toBeLessThanOrEqual(maxAttempts(name));
        if (fault.leaves === 'nothing') expect(attempts()).toBe(1);
      });

      if (['Query', 'ListMultipartUploads', 'ListObjectVersions', 'DeleteObjects'].includes(name))
        test('sends an empty response, which is neither an empty list nor a deletion', async () => {
          play(emptyResponse);
          expect(await user.send(request)).toMatchObject(FAILURE);
        });

      if (name === 'DeleteObjects') {
        test.each([
          ['SlowDown', UNAVAILABLE, ['SlowDown']],
          ['InternalError', UNAVAILABLE, ['InternalError']],
          ['ServiceUnavailable', UNAVAILABLE, ['ServiceUnavailable', 'SlowDown']],
          ['AccessDenied', FAILURE, ['AccessDenied']],
          ['AccessDenied and another with SlowDown', FAILURE, ['SlowDown', 'AccessDenied']],
        ])('refuses a key with %s, sends the documented response', async (_, expected, codes) => {
          play(refusedKeys(...codes));
          const response = await user.send(request);
          expect(response).toMatchObject(expected);
          expect(response.logged).toContain(`(${codes.join(', ')})`);
          // Keys whose error is temporary are tried twice more.
          expect(attempts()).toBe(expected === UNAVAILABLE ? 3 : 1);
        });
      }
    });

    test('nothing responds, returns a link all the same, and makes no call for it', async () => {
      const user = await harness.newUser();
      expect(await user.send(LIST)).toMatchObject(OK);
      harness.proxy.play(() => 'hang');
      expect(await user.send(GET_OBJECT_URL)).toMatchObject(OK);
      expect(harness.proxy.calls).toEqual([]);
      await harness.proxy.restore();
    });

    const hanging = ['Query', 'ListObjectVersions'].filter((title) => isChosen(title, 'never responds'));
    test.each(hanging)(
      `%s never responds to ${CROWD} calls at once, keeps none of their connections`,
      async (title) => {
        const { name, request } = CALLS[title] as FaultyCall;
        const users = await Promise.all(Array.from({ length: CROWD }, () => harness.newUser()));
        const { proxy } = harness;
        await until(() => proxy.openConnections < CROWD || undefined);
        const before = proxy.openConnections;
        proxy.play(only(name, () => 'hang'));
        const responses = await Promise.all(users.map(({ send }) => send(request)));
        for (const response of responses) expect(response).toMatchObject(UNAVAILABLE);
        await until(() => proxy.openConnections <= before || undefined, RECOVERY_MS);
        expect(proxy.calls.filter((call) => call.name === name)).toHaveLength(CROWD);
        await proxy.restore();
        for (const user of users) await expectSuccess(user, request, await user.send(request));
      },
    );
  });
};

/**
 * Calls that fail once are retried. Each test has its own service: after many retries in a row the SDK retries no more until
 * calls succeed again.
 */
export const describeFaultsThatPass = (isChosen: FaultChoice = () => true): void => {
  describe('the service with a long deadline, when', () => {
    let harness: FaultsHarness;

    beforeAll(async () => {
      harness = await startReady({ deadlineMs: LONG_DEADLINE_MS });
    });

    afterAll(() => stopHealthy(harness));

    const passing = Object.entries(CALLS).flatMap(([title, call]) =>
      Object.entries(faults)
        .filter(([fault, { leaves }]) => leaves === 'a retry' && fault !== 'refuses connections')
        .filter(([fault]) => isPossible(call.name, fault) && isChosen(title, `${fault} only once`))
        .map(([fault, { script }]) => [title, fault, call, script] as const),
    );
    test.each(passing)('%s %s only once, succeeds all the same', async (title, _, call, script) => {
      const { name, from, request } = call;
      const user = await harness.newUser({ otherJobs: title === 'Query for a second page' ? 3 : 0 });
      harness.proxy.play(only(name, script, { from, count: 1 }));
      await expectSuccess(user, request, await user.send(request));
      expect(harness.proxy.calls.filter((made) => made.name === name && made.nth >= from).length).toBeGreaterThan(1);
    });
  });
};

/** Requests wait for the dependency, not for each other. */
export const describeCrowd = (): void => {
  describe('the service with a long deadline', () => {
    let harness: FaultsHarness;

    beforeAll(async () => {
      harness = await startReady({ deadlineMs: LONG_DEADLINE_MS });
    });

    afterAll(() => stopHealthy(harness));

    test(`makes ${LARGE_CROWD} calls at once if there are as many requests`, async () => {
      const user = await harness.newUser();
      const { proxy } = harness;
      proxy.play(
        only('Query', async (_, forward) => {
          await until(() => proxy.calls.length >= LARGE_CROWD || undefined);
          return forward();
        }),
      );
      const responses = await Promise.all(Array.from({ length: LARGE_CROWD }, () => user.send(LIST)));
      for (const response of responses) await expectSuccess(user, LIST, response);
    });
  });
};

/** The service is not ready while a dependency fails. */
export const describeFaultsOfChecks = (isChosen: FaultChoice = () => true): void => {
  describe('the service, when a dependency of its readiness checks', () => {
    let harness: FaultsHarness;

    beforeAll(async () => {
      harness = await startReady();
    });

    afterAll(() => stopHealthy(harness));

    const chosen = Object.entries(faults).filter(([fault]) => isChosen('readiness', fault));
    test.each(chosen)('%s, is not ready until the fault ends', async (name, fault) => {
      const { send, proxy } = harness;
      const met = Object.keys(CHECKS).filter((call) => isPossible(call, name));
      proxy.play((call, forward) => (met.includes(call.name) ? fault.script(call, forward) : forward()));
      const attempts = (check: string) => proxy.calls.filter((call) => call.name === check).length;
      // The result of an earlier check may be reported for a while.
      const response = await until(async () => {
        const given = await send(READY);
        // A slow machine may take longer than the time limit of a check.
        const isLate = fault.leaves === 'success' && given.status !== 200;
        return attempts('DescribeTable') > 0 && !isLate ? given : undefined;
      });
      const failing = Object.entries(CHECKS).flatMap(([call, what]) => (met.includes(call) ? [what] : []));
      expect(response).toMatchObject(fault.leaves === 'success' ? OK : notReady(...failing));
      expectExplanation(response, fault);
      for (const call of met) expect(attempts(call)).toBeLessThanOrEqual(maxAttempts(call));
      await proxy.restore();
      await until(async () => (await send(READY)).status === 200 || undefined);
    });
  });
};

/** Without keys no token can be verified. Keys that were fetched once are enough. */
export const describeFaultsOfTokenKeys = (isChosen: FaultChoice = () => true): void => {
  describe('the service, while the endpoint of the token keys', () => {
    let harness: FaultsHarness;

    afterEach(() => stopHealthy(harness));

    const chosen = faultsOf('JWKS', (fault) => isChosen('JWKS', fault));
    test.each(chosen)('%s, cannot verify good tokens before it has keys', async (_, fault) => {
      harness = await startBehindProxy({ script: only('JWKS', fault.script) });
      const { send, proxy, issueToken } = harness;
      const token = await issueToken('alice');
      const isHad = fault.leaves === 'success';

      // A slow machine may take longer than the time limit of a fetch.
      const response = await until(async () => {
        const given = await send(LIST, token);
        return isHad && given.status !== 200 ? undefined : given;
      });
      expect(response).toMatchObject(isHad ? OK : UNAVAILABLE);
      expectExplanation(response, fault);
      expect(await send(READY)).toMatchObject(isHad ? OK : notReady('token keys'));
      expect(await send(LIST)).toMatchObject(UNAUTHORIZED);
      expect(await send(LIST, `${token}=`)).toMatchObject(UNAUTHORIZED);

      await proxy.restore();
      await until(async () => (await send(LIST, token)).status === 200 || undefined, RECOVERY_MS);
      await until(async () => (await send(READY)).status === 200 || undefined);
      proxy.play(only('JWKS', fault.script));
      expect(await send(LIST, token)).toMatchObject(OK);
    });
  });
};

/**
 * Expects a response in time, and the reason for an error in the log: the fault, or a deadline that passed before its
 * end.
 */
const expectExplanation = ({ ms, logged }: { ms: number; logged: string }, fault: Fault): void => {
  expect(ms).toBeLessThan(DEADLINE_MS + MARGIN_MS);
  const isLate = ms >= CHECK_MS && /ran out of time|due to timeout/.test(logged);
  if (fault.leaves !== 'success' && !isLate) expect(logged).toMatch(fault.logged);
};

const notReady = (...failing: readonly string[]) => ({
  status: 503,
  body: JSON.stringify({ status: 'not ready', failing }),
});
