import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  DEADLINE_MS,
  READY,
  startBehindProxy,
  startReady,
  stopHealthy,
  until,
  type Harness,
  type User,
} from './behind-proxy.ts';
import type { HttpResponse, HttpRequest } from '@jobs-api/http-express/testing/contracts';
import type { Script } from '../harness/fault-proxy.ts';
import { emptyAnswer, faults, refusedKeys, type Fault } from '../harness/faults.ts';

/** Whether a fault is tried, of a call by its name in {@link CALLS}, {@link CHECKS}, or `JWKS`. */
export type Choice = (call: string, fault: string) => boolean;

/** Of a service that has the time to try again what hangs, also on a slow machine. */
const LONG_DEADLINE_MS = 60_000;
/** The shortest of all deadlines, that of a readiness check and of fetching the token keys. */
const CHECK_MS = 2_000;
/** For a slow machine. The SDK by itself, with three attempts of 4 s, takes longer than a deadline and this. */
const MARGIN_MS = 5_000;
/** How soon after a fault a service is well again. */
const RECOVERY_MS = 5_000;
/** The SDK's: nobody else tries again. */
const maxAttempts = (call: string): number => (/Table|Item|Query/.test(call) ? 4 : 3);
const CROWD = 20;
/** More than the SDK has connections by itself. */
const LARGE_CROWD = 60;

const LIST: HttpRequest = { path: '/api/v1/jobs/list' };
const GET: HttpRequest = { path: '/api/v1/jobs/get?job-id=1' };
const GET_OBJECT_URL: HttpRequest = { path: '/api/v1/jobs/get-object-url?job-id=1&object-uuid=a.png' };
const DELETE: HttpRequest = { method: 'DELETE', path: '/api/v1/jobs/delete?job-id=1' };

interface Call {
  readonly name: string;
  /** The first that the fault meets: 2 where the one before is well. */
  readonly from: number;
  /** The request that makes it. */
  readonly question: HttpRequest;
}

/** Every call that a request for jobs makes to the table or the bucket. */
const CALLS: Readonly<Record<string, Call>> = {
  Query: { name: 'Query', from: 1, question: LIST },
  'Query for a second page': { name: 'Query', from: 2, question: LIST },
  GetItem: { name: 'GetItem', from: 1, question: GET },
  ListMultipartUploads: { name: 'ListMultipartUploads', from: 1, question: DELETE },
  AbortMultipartUpload: { name: 'AbortMultipartUpload', from: 1, question: DELETE },
  ListObjectVersions: { name: 'ListObjectVersions', from: 1, question: DELETE },
  DeleteObject: { name: 'DeleteObject', from: 1, question: DELETE },
  DeleteObjects: { name: 'DeleteObjects', from: 1, question: DELETE },
  DeleteItem: { name: 'DeleteItem', from: 1, question: DELETE },
  'ListMultipartUploads after the record is gone': { name: 'ListMultipartUploads', from: 3, question: DELETE },
  'ListObjectVersions after the record is gone': { name: 'ListObjectVersions', from: 3, question: DELETE },
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
const ANSWERS = { 'an answer': OK, hope: UNAVAILABLE, nothing: FAILURE };

const isPossible = (name: string, fault: string): boolean => !(faults[fault]?.needsBody && WITHOUT_BODY.includes(name));

const faultsOf = (name: string, isChosen: (fault: string) => boolean) =>
  Object.entries(faults).filter(([fault]) => isPossible(name, fault) && isChosen(fault));

/** Plays the script to the calls of that name, to `count` of them that begin with the one numbered `from`. */
const only =
  (name: string, script: Script, { from = 1, count = Infinity } = {}): Script =>
  (call, forward) =>
    call.name === name && call.nth >= from && call.nth < from + count ? script(call, forward) : forward();

/** What holds of a request that went well. */
const expectSuccess = async (user: User, question: HttpRequest, { status, body }: HttpResponse): Promise<void> => {
  expect({ status, body }).toMatchObject(OK);
  if (question === LIST) expect(body.match(/"job_id":/g)).toHaveLength(user.jobs);
  if (question === GET) expect(body).toContain('results/a.png.min.json');
  if (question === DELETE) expect([await user.contents(), await user.hasJob()]).toEqual([[], false]);
};

/** Every call of every request meets every fault: each is answered as the documents say, and in time. */
export const describeFaultsOfCalls = (isChosen: Choice = () => true): void => {
  describe('the service, when', () => {
    let harness: Harness;

    beforeAll(async () => {
      harness = await startReady();
    });

    afterAll(() => stopHealthy(harness));

    describe.each(Object.entries(CALLS))('%s', (title, { name, from, question }) => {
      let user: User;
      const attempts = () => harness.proxy.calls.filter((call) => call.name === name && call.nth >= from).length;
      const play = (script: Script) => harness.proxy.play(only(name, script, { from }));

      beforeEach(async () => {
        user = await harness.newUser({ otherJobs: title === 'Query for a second page' ? 3 : 0 });
      });

      afterEach(async () => {
        if ((await user.contents()).length > 0) expect(await user.hasJob()).toBe(true);
        await harness.proxy.restore();
        const answer = await user.ask(question);
        await expectSuccess(user, question, answer);
        expect(answer.ms).toBeLessThan(RECOVERY_MS);
      });

      const chosen = faultsOf(name, (fault) => isChosen(title, fault));
      test.each(chosen)('%s, gives the documented answer in time, and a good one after', async (_, fault) => {
        play(fault.script);
        const answer = await user.ask(question);
        expect(answer).toMatchObject(ANSWERS[fault.leaves]);
        expectExplanation(answer, fault);
        if (fault.leaves === 'hope') expect(attempts()).toBeLessThanOrEqual(maxAttempts(name));
        if (fault.leaves === 'nothing') expect(attempts()).toBe(1);
      });

      if (['Query', 'ListMultipartUploads', 'ListObjectVersions', 'DeleteObjects'].includes(name))
        test('answers nothing at all, does not take that for an empty list, or for a deletion', async () => {
          play(emptyAnswer);
          expect(await user.ask(question)).toMatchObject(FAILURE);
        });

      if (name === 'DeleteObjects') {
        test.each([
          ['SlowDown', UNAVAILABLE, ['SlowDown']],
          ['InternalError', UNAVAILABLE, ['InternalError']],
          ['ServiceUnavailable', UNAVAILABLE, ['ServiceUnavailable', 'SlowDown']],
          ['AccessDenied', FAILURE, ['AccessDenied']],
          ['AccessDenied and another with SlowDown', FAILURE, ['SlowDown', 'AccessDenied']],
        ])('refuses a key with %s, gives the documented answer', async (_, expected, codes) => {
          play(refusedKeys(...codes));
          const answer = await user.ask(question);
          expect(answer).toMatchObject(expected);
          expect(answer.logged).toContain(`(${codes.join(', ')})`);
          expect(attempts()).toBe(1);
        });
      }
    });

    test('nothing answers, gives a link all the same, and asks nobody for it', async () => {
      const user = await harness.newUser();
      expect(await user.ask(LIST)).toMatchObject(OK);
      harness.proxy.play(() => 'hang');
      expect(await user.ask(GET_OBJECT_URL)).toMatchObject(OK);
      expect(harness.proxy.calls).toEqual([]);
      await harness.proxy.restore();
    });

    const hanging = ['Query', 'ListObjectVersions'].filter((title) => isChosen(title, 'never answers'));
    test.each(hanging)(`%s never answers ${CROWD} at once, lets go of them all`, async (title) => {
      const { name, question } = CALLS[title] as Call;
      const users = await Promise.all(Array.from({ length: CROWD }, () => harness.newUser()));
      const { proxy } = harness;
      await until(() => proxy.openConnections < CROWD || undefined);
      const before = proxy.openConnections;
      proxy.play(only(name, () => 'hang'));
      const answers = await Promise.all(users.map(({ ask }) => ask(question)));
      for (const answer of answers) expect(answer).toMatchObject(UNAVAILABLE);
      await until(() => proxy.openConnections <= before || undefined, RECOVERY_MS);
      expect(proxy.calls.filter((call) => call.name === name)).toHaveLength(CROWD);
      await proxy.restore();
      for (const user of users) await expectSuccess(user, question, await user.ask(question));
    });
  });
};

/**
 * What goes wrong once is tried again. By a service of its own: one that had to many times in a row tries no more, until
 * things go well again.
 */
export const describeFaultsThatPass = (isChosen: Choice = () => true): void => {
  describe('the service with a long deadline, when', () => {
    let harness: Harness;

    beforeAll(async () => {
      harness = await startReady({ deadlineMs: LONG_DEADLINE_MS });
    });

    afterAll(() => stopHealthy(harness));

    const passing = Object.entries(CALLS).flatMap(([title, call]) =>
      Object.entries(faults)
        .filter(([fault, { leaves }]) => leaves === 'hope' && fault !== 'refuses connections')
        .filter(([fault]) => isPossible(call.name, fault) && isChosen(title, `${fault} only once`))
        .map(([fault, { script }]) => [title, fault, call, script] as const),
    );
    test.each(passing)('%s %s only once, gives a good answer all the same', async (title, _, call, script) => {
      const { name, from, question } = call;
      const user = await harness.newUser({ otherJobs: title === 'Query for a second page' ? 3 : 0 });
      harness.proxy.play(only(name, script, { from, count: 1 }));
      await expectSuccess(user, question, await user.ask(question));
      expect(harness.proxy.calls.filter((made) => made.name === name && made.nth >= from).length).toBeGreaterThan(1);
    });
  });
};

/** Requests wait for the dependency, not for one another. */
export const describeCrowd = (): void => {
  describe('the service with a long deadline', () => {
    let harness: Harness;

    beforeAll(async () => {
      harness = await startReady({ deadlineMs: LONG_DEADLINE_MS });
    });

    afterAll(() => stopHealthy(harness));

    test(`has ${LARGE_CROWD} calls under way at once where there are as many requests`, async () => {
      const user = await harness.newUser();
      const { proxy } = harness;
      proxy.play(
        only('Query', async (_, forward) => {
          await until(() => proxy.calls.length >= LARGE_CROWD || undefined);
          return forward();
        }),
      );
      const answers = await Promise.all(Array.from({ length: LARGE_CROWD }, () => user.ask(LIST)));
      for (const answer of answers) await expectSuccess(user, LIST, answer);
    });
  });
};

/** What the service cannot do without, it is not ready without. */
export const describeFaultsOfChecks = (isChosen: Choice = () => true): void => {
  describe('the service, when the calls of its readiness checks meet one that', () => {
    let harness: Harness;

    beforeAll(async () => {
      harness = await startReady();
    });

    afterAll(() => stopHealthy(harness));

    const chosen = Object.entries(faults).filter(([fault]) => isChosen('readiness', fault));
    test.each(chosen)('%s, it is not ready, until the fault ends', async (name, fault) => {
      const { ask, proxy } = harness;
      const met = Object.keys(CHECKS).filter((call) => isPossible(call, name));
      proxy.play((call, forward) => (met.includes(call.name) ? fault.script(call, forward) : forward()));
      const attempts = (check: string) => proxy.calls.filter((call) => call.name === check).length;
      // What it found before it may go on saying for a while.
      const answer = await until(async () => {
        const given = await ask(READY);
        // A machine that is slow itself may take longer over it than a check may.
        const isLate = fault.leaves === 'an answer' && given.status !== 200;
        return attempts('DescribeTable') > 0 && !isLate ? given : undefined;
      });
      const failing = Object.entries(CHECKS).flatMap(([call, what]) => (met.includes(call) ? [what] : []));
      expect(answer).toMatchObject(fault.leaves === 'an answer' ? OK : notReady(...failing));
      expectExplanation(answer, fault);
      for (const call of met) expect(attempts(call)).toBeLessThanOrEqual(maxAttempts(call));
      await proxy.restore();
      await until(async () => (await ask(READY)).status === 200 || undefined);
    });
  });
};

/** Without keys no token can be judged; with keys that were had once, all can. */
export const describeFaultsOfTokenKeys = (isChosen: Choice = () => true): void => {
  describe('the service, while the endpoint of the token keys', () => {
    let harness: Harness;

    afterEach(() => stopHealthy(harness));

    const chosen = faultsOf('JWKS', (fault) => isChosen('JWKS', fault));
    test.each(chosen)('%s, cannot judge good tokens before it has keys', async (_, fault) => {
      harness = await startBehindProxy({ script: only('JWKS', fault.script) });
      const { ask, proxy, issueToken } = harness;
      const token = await issueToken('alice');
      const isHad = fault.leaves === 'an answer';

      // A machine that is slow itself may take longer over it than a fetch may.
      const answer = await until(async () => {
        const given = await ask(LIST, token);
        return isHad && given.status !== 200 ? undefined : given;
      });
      expect(answer).toMatchObject(isHad ? OK : UNAVAILABLE);
      expectExplanation(answer, fault);
      expect(await ask(READY)).toMatchObject(isHad ? OK : notReady('token keys'));
      expect(await ask(LIST)).toMatchObject(UNAUTHORIZED);
      expect(await ask(LIST, `${token}=`)).toMatchObject(UNAUTHORIZED);

      await proxy.restore();
      await until(async () => (await ask(LIST, token)).status === 200 || undefined, RECOVERY_MS);
      await until(async () => (await ask(READY)).status === 200 || undefined);
      proxy.play(only('JWKS', fault.script));
      expect(await ask(LIST, token)).toMatchObject(OK);
    });
  });
};

/** The answer was in time, and the log says why it is not a better one: the fault, or that the time was up before its end. */
const expectExplanation = ({ ms, logged }: { ms: number; logged: string }, fault: Fault): void => {
  expect(ms).toBeLessThan(DEADLINE_MS + MARGIN_MS);
  const isLate = ms >= CHECK_MS && /ran out of time|due to timeout/.test(logged);
  if (fault.leaves !== 'an answer' && !isLate) expect(logged).toMatch(fault.logged);
};

const notReady = (...failing: readonly string[]) => ({
  status: 503,
  body: JSON.stringify({ status: 'not ready', failing }),
});
