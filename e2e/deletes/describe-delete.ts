import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { overSocket, type HttpResponse, type HttpRequest } from '@jobs-api/http-express/testing/contracts';
import { SERVICE } from '../harness/built.ts';
import { startFaultProxy, type FaultProxy, type FaultScript } from '../harness/fault-proxy.ts';
import { startFilledStack } from '../harness/filled-stack.ts';
import { startLateUpload, type LateUpload } from '../harness/late-upload.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';

const LIST: HttpRequest = { path: '/api/v1/jobs/list' };
const DELETE: HttpRequest = { method: 'DELETE', path: '/api/v1/jobs/delete?job-id=1' };
const OK = { status: 200, body: '{"message":"Ok"}' };
const UPLOADS = 3;
const MANY_UPLOADS = 50;
/** A user whose job many requests delete at once, and a user whose job must not change. */
const OTHERS = ['crowd', 'bystander'];
const OBJECTS_OF_OTHERS = 5;
const CROWD = 50;
const SIDES = ['before', 'after'] as const;

export interface DeleteOptions {
  readonly versioned: boolean;
  /** Number of objects of the deleted job. */
  readonly objects: number;
  /** Number of list pages of 1,000 entries, versions and delete markers included. */
  readonly pages: number;
  /** Calls of a delete that are disturbed, counted from 1. Default: all. */
  readonly boundaries?: readonly number[];
}

/** A page is deleted while the next one is listed, so that either may be the first to arrive. */
const EITHER = 'DeleteObjects or ListObjectVersions';

/** The first pass deletes one page only: then the store has proved that it deletes, and the second deletes the rest. */
const secondPass = (pages: number): readonly string[] => [
  'ListMultipartUploads',
  'ListObjectVersions',
  ...Array.from({ length: pages - 1 }, () => [EITHER, EITHER]).flat(),
  'DeleteObjects',
];

/** Calls of a delete that is not disturbed. */
const callsOf = (pages: number): readonly string[] => [
  'ListMultipartUploads',
  ...Array.from({ length: UPLOADS }, () => 'AbortMultipartUpload'),
  'ListObjectVersions',
  'DeleteObjects',
  ...(pages > 1 ? secondPass(pages - 1) : []),
  'ListMultipartUploads',
  'ListObjectVersions',
  'DeleteItem',
  'ListMultipartUploads',
  'ListObjectVersions',
];

/** Disturbs deletes at every call that they make. Every test has its own user. */
export const describeDelete = ({ versioned, objects, pages, boundaries }: DeleteOptions): void => {
  const calls = callsOf(pages);
  const tried = calls.map((call, index) => [index + 1, call] as const);
  const chosen = boundaries ? tried.filter(([position]) => boundaries.includes(position)) : tried;
  const kills = chosen.flatMap(([position, call]) => SIDES.map((side) => [side, position, call] as const));
  const users = [
    ...kills.map(([side, position]) => `killed-${side}-${position}`),
    ...chosen.map(([position]) => `late-${position}`),
    'undisturbed',
  ];

  describe(`a delete of ${objects} objects from a bucket ${versioned ? 'with' : 'without'} versions`, () => {
    let directory: string;
    let stack: LocalStack;
    let proxy: FaultProxy;
    let service: ServiceProcess;

    const start = async () => {
      service = await startService(SERVICE, { ...stack.env, ...proxy.env, REQUEST_TIMEOUT_SECONDS: '600' });
      while ((await overSocket(service.origin)({ path: '/readyz' })).status !== 200) await sleep(20);
    };
    const kill = async () => {
      service.kill('SIGKILL');
      await service.exitCode;
      expect(service.errors).toEqual([]);
    };

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'jobs-api-'));
      const keys = function* () {
        for (const userId of [...users, ...OTHERS]) {
          const count = OTHERS.includes(userId) ? OBJECTS_OF_OTHERS : objects;
          for (let index = 0; index < count; index++) yield `${userId}/1/${index}.png`;
          yield `${userId}/10/0.png`;
        }
      };
      stack = await startFilledStack(directory, { keys: keys(), versioned });
      for (const userId of [...users, ...OTHERS]) {
        for (const jobId of [1, 10]) await stack.table.put({ userId, jobId });
        for (let index = 0; index < UPLOADS; index++) await stack.bucket.startUpload(`${userId}/1/${index}.mov`);
      }
      proxy = await startFaultProxy(stack.env);
      await start();
    });

    afterAll(async () => {
      await kill();
      await proxy.close();
      await stack.close();
      await rm(directory, { recursive: true });
    });

    const send = async (userId: string, request: HttpRequest): Promise<HttpResponse> => {
      const token = await stack.tokenIssuer.issueToken(userId);
      return overSocket(service.origin)({ ...request, headers: [['Authorization', token]] });
    };
    /** Repeats a delete while its response is 503 because of a timeout: a slow machine may take longer than the SDK waits. */
    const deleteUntilInTime = async (userId: string): Promise<HttpResponse> => {
      const response = await send(userId, DELETE);
      if (response.status !== 503) return response;
      const id = String(response.headers['x-request-id']);
      const find = () => service.log.find((line) => line.includes(id));
      while (find() === undefined) await sleep(20);
      expect(find()).toContain('"name":"TimeoutError"');
      return deleteUntilInTime(userId);
    };
    const callsMade = () => proxy.calls.filter(({ name }) => calls.some((title) => title.includes(name)));
    const at =
      (position: number, script: FaultScript): FaultScript =>
      (call, forward) =>
        callsMade()[position - 1] === call ? script(call, forward) : forward();

    const expectOnlyTheJobGone = async (userId: string) => {
      expect(await stack.bucket.contents(`${userId}/1/`)).toEqual([]);
      expect(await stack.table.has(userId, 1)).toBe(false);
      for (const [keptUserId, keptJobId, count] of [
        [userId, 10, 1],
        ['bystander', 1, OBJECTS_OF_OTHERS + UPLOADS],
      ] as const) {
        expect((await stack.bucket.contents(`${keptUserId}/${keptJobId}/`)).length).toBeGreaterThanOrEqual(count);
        expect(await stack.table.has(keptUserId, keptJobId)).toBe(true);
      }
    };

    test('makes the calls that the other tests disturb', async () => {
      proxy.play((_, forward) => forward());
      expect(await send('undisturbed', DELETE)).toMatchObject(OK);
      const made = callsMade().map(({ name }, index) =>
        calls[index] === EITHER && EITHER.includes(name) ? EITHER : name,
      );
      expect(made).toEqual(calls);
      await expectOnlyTheJobGone('undisturbed');
    });

    test.each(kills)(
      'a service that is killed right %s call %i, %s, leaves a job that can be deleted again',
      async (side, position, _call) => {
        const userId = `killed-${side}-${position}`;
        proxy.play(
          at(position, async (_, forward) => {
            if (side === 'after') await forward();
            await kill();
            return 'reset' as const;
          }),
        );
        await expect(send(userId, DELETE)).rejects.toThrow();
        await proxy.restore();
        await start();

        const list = await send(userId, LIST);
        expect(list.status).toBe(200);
        const isListed = list.body.includes('"job_id":1,');
        const left = await stack.bucket.contents(`${userId}/1/`);
        if (left.length > 0) expect(isListed).toBe(true);
        const deleteItem = calls.indexOf('DeleteItem') + 1;
        expect(isListed).toBe(side === 'before' ? position <= deleteItem : position < deleteItem);
        expect(await send(userId, DELETE)).toMatchObject(OK);
        await expectOnlyTheJobGone(userId);
      },
    );

    test.each(chosen)('removes the object of an upload that completes right before call %i, %s', async (position) => {
      const userId = `late-${position}`;
      let upload: Promise<LateUpload> | undefined;
      const begin = () => (upload = startLateUpload(stack.bucket, `${userId}/1/late.mov`));
      if (position === 1) await begin();
      proxy.play(async (call, forward) => {
        const current = callsMade().indexOf(call) + 1;
        if (current === position - 1) await begin();
        if (current === position) await (await upload)?.complete();
        return forward();
      });
      expect(await send(userId, DELETE)).toMatchObject(OK);
      await expectOnlyTheJobGone(userId);
    });

    test(`causes no warning of Node when ${MANY_UPLOADS} uploads are aborted at once`, async () => {
      await proxy.restore();
      for (let index = 0; index < MANY_UPLOADS; index++) await stack.bucket.startUpload(`uploader/1/${index}.mov`);
      expect(await send('uploader', DELETE)).toMatchObject(OK);
      expect(await stack.bucket.contents('uploader/')).toEqual([]);
      expect(service.errors).toEqual([]);
    });

    test(`succeeds for each of ${CROWD} requests at once`, async () => {
      await proxy.restore();
      const responses = await Promise.all(Array.from({ length: CROWD }, () => deleteUntilInTime('crowd')));
      for (const response of responses) expect(response).toMatchObject(OK);
      await expectOnlyTheJobGone('crowd');
    });
  });
};

export interface BigDeleteOptions {
  readonly objects: number;
  readonly uploads: number;
  /** Limit for the growth of the service's memory. */
  readonly growthMb: number;
}

/** Objects of a job that is deleted before memory is measured, so that everything that is loaded once is loaded. */
const WARM_UP = 10_000;
const DEADLINE_SECONDS = 2;
/** Long enough for a slow machine. */
const MARGIN_SECONDS = 5;
const SAMPLE_MS = 20;

/** Returns the resident memory of a process, in MB (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html). */
const residentMb = async (pid: number): Promise<number> =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;

/** Deletes a job that is too big for one request, again and again until nothing is left. */
export const describeBigDelete = ({ objects, uploads, growthMb }: BigDeleteOptions): void => {
  const title = `a delete of ${objects} objects and ${uploads} uploads ends in time, is complete after enough repetitions`;
  test(`${title}, and needs less than ${growthMb} MB of memory`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'jobs-api-'));
    const keys = function* () {
      for (let index = 0; index < objects; index++) yield `alice/1/${index}.png`;
      for (let index = 0; index < WARM_UP; index++) yield `alice/2/${index}.png`;
    };
    const stack = await startFilledStack(directory, { keys: keys(), versioned: false });
    for (const jobId of [1, 2]) await stack.table.put({ userId: 'alice', jobId });
    for (let index = 0; index < uploads; index++) await stack.bucket.startUpload(`alice/1/${index}.mov`);
    const service = await startService(SERVICE, { ...stack.env, REQUEST_TIMEOUT_SECONDS: String(DEADLINE_SECONDS) });
    const headers = [['Authorization', await stack.tokenIssuer.issueToken('alice')]] as const;

    const deleteJob = async (jobId: number): Promise<void> => {
      const path = `/api/v1/jobs/delete?job-id=${jobId}`;
      const { status } = await overSocket(service.origin)({ method: 'DELETE', path, headers });
      if (status === 200) return;
      expect(status).toBe(503);
      // If the deadline passed in the last sweep, nothing may be left.
      if (!(await stack.bucket.isEmpty(`alice/${jobId}/`))) expect(await stack.table.has('alice', jobId)).toBe(true);
      return deleteJob(jobId);
    };

    let peak = 0;
    const sample = async () => (peak = Math.max(peak, await residentMb(service.pid)));
    let sampling: NodeJS.Timeout | undefined;
    try {
      await deleteJob(2);
      const before = await sample();
      sampling = setInterval(() => void sample(), SAMPLE_MS);
      await deleteJob(1);
      expect((await sample()) - before).toBeLessThan(growthMb);
      expect(await stack.bucket.contents('alice/')).toEqual([]);
      expect(await stack.table.has('alice', 1)).toBe(false);
      const times = service.log.flatMap((line) =>
        line.includes('"msg":"request"') ? [(JSON.parse(line) as { ms: number }).ms] : [],
      );
      expect(Math.max(...times)).toBeLessThan((DEADLINE_SECONDS + MARGIN_SECONDS) * 1_000);
      expect(service.errors).toEqual([]);
    } finally {
      clearInterval(sampling);
      service.kill('SIGKILL');
      await service.exitCode;
      await stack.close();
      await rm(directory, { recursive: true });
    }
  });
};
