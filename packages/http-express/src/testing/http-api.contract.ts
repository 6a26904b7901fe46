import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createJobsClient, type JobsClient } from '@jobs-api/client';
import type { JobRecord } from '@jobs-api/core/testing';
import { savedName, type Download } from '@jobs-api/core/testing/contracts';
import { scopeOf } from '../request/cursor.ts';
import { openapi } from '../routes/openapi-document.ts';
import { asFetch } from './as-fetch.ts';
import { expectDocumented } from './documented.ts';
import type { HttpResponse, HttpRequest } from './http-message.ts';

/** A driving adapter, and the storage and the token issuer behind it. */
export interface HttpApiHarness {
  /** Sends one request. */
  send(request: HttpRequest): Promise<HttpResponse>;
  issueToken(userId: string): Promise<string>;
  putJob(record: JobRecord): Promise<void>;
  putUnreadableJob(userId: string, jobId: number): Promise<void>;
  hasJob(userId: string, jobId: number): Promise<boolean>;
  putObject(key: string, body: string): Promise<void>;
  /** Everything that is stored under a prefix of keys. */
  contents(prefix: string): Promise<readonly string[]>;
  /** Follows a presigned URL. Returns the content, or `undefined` if access is refused or there is none. */
  get(url: string): Promise<Download | undefined>;
  close(): Promise<void>;
}

const BASE = '/api/v1/jobs';

/** The digest of no filters, in the cursor of a list that has none. */
const DIGEST = scopeOf({ order: 'asc' }).replace('asc.', '');
const CURSOR = Buffer.from(`2.asc.${DIGEST}.1`).toString('base64url');

/** RFC 3339, in UTC (https://www.rfc-editor.org/rfc/rfc3339). */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

const RESPONSES = {
  missingJobId: {
    status: 400,
    body: '{"message":"The job-id query parameter is missing","affected_query_parameter":"job-id: number"}',
  },
  invalidJobId: {
    status: 400,
    body: '{"message":"The job-id query parameter must be a whole number from 1 to 9007199254740991","affected_query_parameter":"job-id: number"}',
  },
  missingObjectUuid: {
    status: 400,
    body: '{"message":"The object-uuid query parameter is missing","affected_query_parameter":"object-uuid: string"}',
  },
  invalidObjectUuid: {
    status: 400,
    body: '{"message":"The object-uuid query parameter must be 1 to 255 of A-Z a-z 0-9 . _ -, starting with a letter or digit","affected_query_parameter":"object-uuid: string"}',
  },
  unauthorized: { status: 401, body: '{"message":"Unauthorized"}' },
  noJob: {
    status: 404,
    body: '{"message":"The job does not exist","affected_query_parameter":"job-id: number"}',
  },
  noRoute: { status: 404, body: '{"message":"Not Found"}' },
  noMethod: { status: 405, body: '{"message":"Method Not Allowed"}' },
  failure: { status: 500, body: '{"message":"Internal server failure message"}' },
  ok: { status: 200, body: '{"message":"Ok"}' },
} as const;

const invalid = (affected: string, problem: string) => ({
  status: 400,
  body: JSON.stringify({
    message: `The ${affected.replace(/:.*/, '')} query parameter ${problem}`,
    affected_query_parameter: affected,
  }),
});

const routes = [
  ['GET', `${BASE}/list`],
  ['GET', `${BASE}/get?job-id=1`],
  ['GET', `${BASE}/get-object-url?job-id=1&object-uuid=uuid.png`],
  ['DELETE', `${BASE}/delete?job-id=1`],
] as const;

/** Tests a driving adapter against the documented HTTP API, and every response against the OpenAPI document. */
export const describeHttpApi = (name: string, start: () => Promise<HttpApiHarness>): void => {
  describe(`${name} as the HTTP API`, () => {
    let harness: HttpApiHarness;
    let users = 0;

    /** Every test has users of its own, so that none sees what another left. */
    const newUser = async () => {
      const userId = `user-${++users}`;
      const token = await harness.issueToken(userId);
      const authorization = ['Authorization', token] as const;
      const send = (method: string, path: string) =>
        harness.send({ method, path: BASE + path, headers: [authorization] });
      const { jobs } = createJobsClient({ baseUrl: '', token, fetch: asFetch((request) => harness.send(request)) });
      return { userId, authorization, send, jobs };
    };

    const bodyOf = async (url: string): Promise<string | undefined> => (await harness.get(url))?.body;

    const wholeJob = (userId: string): JobRecord => ({
      userId,
      jobId: 1,
      jobName: 'Job Name',
      date: '2020-01-01 12:00:00.000000000 UTC',
      totalSize: 5020,
      creditsSpent: 2,
      email: 'example@domain.com',
      objectUuidNames: { 'uuid.png': 'file.png' },
      mediaLength: { 'uuid.png': 1 },
      failedToProcess: {},
      status: 'success',
    });

    beforeAll(async () => {
      const started = await start();
      harness = {
        ...started,
        send: async (request) => {
          const response = await started.send(request);
          expectDocumented(request, response);
          return response;
        },
      };
    });

    afterAll(() => harness.close());

    describe('GET /list', () => {
      test('returns the documented fields in the documented order', async () => {
        const { userId, send } = await newUser();
        await harness.putJob(wholeJob(userId));
        expect(await send('GET', '/list')).toMatchObject({
          status: 200,
          body: '{"jobs":[{"job_id":1,"job_name":"Job Name","date":"2020-01-01 12:00:00.000000000 UTC","total_size":5020,"credits_spent":2,"status":"success","status_meaning":"Job completed successfully","finished":true}]}',
        });
      });

      test("returns the user's jobs, and no other's, by ascending id", async () => {
        const [{ userId, send, jobs }, other] = [await newUser(), await newUser()];
        for (const jobId of [10, 9, 2, 100, 1]) await harness.putJob({ userId, jobId });
        await harness.putJob({ userId: other.userId, jobId: 3 });
        const whole = JSON.parse((await send('GET', '/list')).body) as { jobs: { job_id: number }[] };
        expect(whole.jobs.map(({ job_id }) => job_id)).toEqual([1, 2, 9, 10, 100]);
        const listed = [];
        for await (const job of jobs.list()) listed.push(job);
        expect(listed).toEqual(whole.jobs);
      });

      test('is empty for a user without jobs', async () => {
        const { send } = await newUser();
        expect(await send('GET', '/list')).toMatchObject({ status: 200, body: '{"jobs":[]}' });
      });

      test('returns neutral values for missing attributes', async () => {
        const { userId, send } = await newUser();
        await harness.putJob({ userId, jobId: 1 });
        expect((await send('GET', '/list')).body).toBe(
          '{"jobs":[{"job_id":1,"job_name":null,"date":null,"total_size":0,"credits_spent":0,"status":"unknown","status_meaning":"Unknown status","finished":false}]}',
        );
      });

      test('returns the code and meaning of every status, and whether it is finished', async () => {
        const { userId, send } = await newUser();
        const statuses: [stored: string, code: string, meaning: string, finished: boolean][] = [
          ['pending', 'pending', 'Waiting for all files to be uploaded', false],
          ['queued', 'queued', 'Job is waiting to be processed', false],
          ['processing', 'processing', 'Job is being processed', false],
          ['processing...45%', 'processing', 'Job is being processed (45% done)', false],
          ['success', 'success', 'Job completed successfully', true],
          ...[
            ['success_credits_restored', 'were'] as const,
            ['success_credits_not_restored', 'could not be'] as const,
          ].map(([code, were]): [string, string, string, boolean] => [
            code,
            code,
            `Job completed; credits for the files that failed ${were} restored`,
            true,
          ]),
          [
            'failed_size_mismatch',
            'failed_size_mismatch',
            'Job rejected: the uploaded files do not match what was announced',
            true,
          ],
          ['failed_requeued', 'failed_requeued', 'Job failed and was queued again', false],
          ['failed_critical', 'failed_critical', 'Job failed; the team was informed', true],
          ['archived', 'archived', 'Unknown status', false],
        ];
        for (const [index, [status]] of statuses.entries()) await harness.putJob({ userId, jobId: index + 1, status });
        const { jobs } = JSON.parse((await send('GET', '/list')).body) as { jobs: Record<string, unknown>[] };
        expect(jobs.map(({ status, status_meaning, finished }) => [status, status_meaning, finished])).toEqual(
          statuses.map(([, ...shown]) => shown),
        );
        for (const [index, [, status, , finished]] of statuses.entries()) {
          const { job_info } = JSON.parse((await send('GET', `/get?job-id=${index + 1}`)).body) as { job_info: object };
          expect(job_info).toMatchObject({ status, finished });
          expect(Object.keys(job_info).at(-1)).toBe('finished');
        }
      });

      test('leaves out a record that cannot be read', async () => {
        const { userId, send } = await newUser();
        await harness.putJob({ userId, jobId: 1 });
        await harness.putUnreadableJob(userId, 2);
        const { jobs } = JSON.parse((await send('GET', '/list')).body) as { jobs: { job_id: number }[] };
        expect(jobs.map(({ job_id }) => job_id)).toEqual([1]);
      });
    });

    describe('GET /get', () => {
      test('returns the documented fields in the documented order, with links that download the results', async () => {
        const { userId, send } = await newUser();
        await harness.putJob(wholeJob(userId));
        await harness.putObject(`${userId}/1/results/uuid.png.json`, '{"full":true}');
        await harness.putObject(`${userId}/1/results/uuid.png.min.json`, '{"min":true}');
        const { status, body } = await send('GET', '/get?job-id=1');
        expect(status).toBe(200);
        const { results, results_expire_at } = JSON.parse(body) as {
          results: { 'uuid.png': { full: string; min: string } };
          results_expire_at: string;
        };
        const { full, min } = results['uuid.png'];
        expect(body).toBe(
          `{"job_info":{"user_id":"${userId}","job_id":1,"job_name":"Job Name","date":"2020-01-01 12:00:00.000000000 UTC","total_size":5020,"credits_spent":2,"email":"example@domain.com","object_uuid_names":{"uuid.png":"file.png"},"media_length":{"uuid.png":1},"failed_to_process":{},"status":"success","finished":true},"results":{"uuid.png":{"full":${JSON.stringify(full)},"min":${JSON.stringify(min)}}},"results_expire_at":"${results_expire_at}"}`,
        );
        expect(results_expire_at).toMatch(RFC_3339);
        expect(Date.parse(results_expire_at)).toBeGreaterThan(Date.now());
        expect(await bodyOf(full)).toBe('{"full":true}');
        expect(await bodyOf(min)).toBe('{"min":true}');
      });

      test('links nothing before the job succeeded', async () => {
        const { userId, send } = await newUser();
        await harness.putJob({ ...wholeJob(userId), status: 'processing...45%' });
        const response = JSON.parse((await send('GET', '/get?job-id=1')).body) as Record<string, object>;
        expect(Object.keys(response)).toEqual(['job_info', 'results']);
        expect(Object.entries(response.job_info ?? {}).slice(-3)).toEqual([
          ['status', 'processing'],
          ['progress_percent', 45],
          ['finished', false],
        ]);
        expect(response.results).toEqual({});
      });

      test('links no object that failed to process and no name that is not valid in a key', async () => {
        const { userId, send } = await newUser();
        await harness.putJob({
          ...wholeJob(userId),
          objectUuidNames: { 'a.png': 'A', 'b.wav': 'B', '../2/c.txt': 'C', '': 'D' },
          failedToProcess: { 'b.wav': 'silence' },
        });
        const { job_info, results } = JSON.parse((await send('GET', '/get?job-id=1')).body) as Record<string, object>;
        expect(Object.keys(results ?? {})).toEqual(['a.png']);
        expect(job_info).toMatchObject({
          object_uuid_names: { '../2/c.txt': 'C' },
          failed_to_process: { 'b.wav': 'silence' },
        });
      });

      test('returns neutral values for missing attributes', async () => {
        const { userId, send } = await newUser();
        await harness.putJob({ userId, jobId: 1 });
        expect((await send('GET', '/get?job-id=1')).body).toBe(
          `{"job_info":{"user_id":"${userId}","job_id":1,"job_name":null,"date":null,"total_size":0,"credits_spent":0,"email":null,"object_uuid_names":{},"media_length":{},"failed_to_process":{},"status":"unknown","finished":false},"results":{}}`,
        );
      });

      test("returns 404 for another user's job and for a job that never existed", async () => {
        const [owner, { send }] = [await newUser(), await newUser()];
        await harness.putJob(wholeJob(owner.userId));
        expect(await send('GET', '/get?job-id=1')).toMatchObject(RESPONSES.noJob);
        expect(await send('GET', '/get?job-id=9007199254740991')).toMatchObject(RESPONSES.noJob);
      });

      test('returns 500 without a reason for a record that cannot be read', async () => {
        const { userId, send } = await newUser();
        await harness.putUnreadableJob(userId, 1);
        expect(await send('GET', '/get?job-id=1')).toMatchObject(RESPONSES.failure);
      });
    });

    describe('GET /get-object-url', () => {
      test('links a file of the user', async () => {
        const { userId, send } = await newUser();
        await harness.putObject(`${userId}/1/uuid.png`, 'picture');
        const { status, body } = await send('GET', '/get-object-url?job-id=1&object-uuid=uuid.png');
        expect(status).toBe(200);
        const { url, expires_at } = JSON.parse(body) as { url: string; expires_at: string };
        expect(body).toBe(JSON.stringify({ url, expires_at }));
        expect(expires_at).toMatch(RFC_3339);
        expect(Date.parse(expires_at)).toBeGreaterThan(Date.now());
        expect(await bodyOf(url)).toBe('picture');
      });

      test('returns a link whether or not the file or the job exists', async () => {
        const { jobs } = await newUser();
        const { url } = await jobs.objectUrl(7, 'nothing.txt');
        expect(await bodyOf(url)).toBeUndefined();
      });

      test("links the caller's own file if another user has one with the same name", async () => {
        const [owner, { jobs }] = [await newUser(), await newUser()];
        await harness.putObject(`${owner.userId}/1/uuid.png`, 'secret');
        const { url } = await jobs.objectUrl(1, 'uuid.png');
        expect(await bodyOf(url)).toBeUndefined();
      });

      test.each(['', '&object-uuid=', '&uuid=a', '&Object-Uuid=a'])(
        'returns 400 for the missing object-uuid in job-id=1%s',
        async (rest) => {
          const { send } = await newUser();
          expect(await send('GET', `/get-object-url?job-id=1${rest}`)).toMatchObject(RESPONSES.missingObjectUuid);
        },
      );

      test.each([
        ...[
          '.',
          '..',
          '.a',
          '-a',
          '_a',
          'a/b',
          'a%2Fb',
          'a%5Cb',
          '..%2Fa',
          'a%00',
          'a%0A',
          'a+b',
          '%F0%9F%98%80',
          '%C3%A9',
        ],
        ...['a'.repeat(256), 'a&object-uuid=a', 'a&object-uuid=b', '%25'],
      ])('returns 400 for object-uuid=%s', async (value) => {
        const { send } = await newUser();
        expect(await send('GET', `/get-object-url?job-id=1&object-uuid=${value}`)).toMatchObject(
          RESPONSES.invalidObjectUuid,
        );
      });

      test('returns 400 for object-uuid[]', async () => {
        const { send } = await newUser();
        const response = await send('GET', '/get-object-url?job-id=1&object-uuid[]=a');
        expect(response).toMatchObject(RESPONSES.invalidObjectUuid);
      });

      test('validates the job-id first', async () => {
        const { send } = await newUser();
        expect(await send('GET', '/get-object-url')).toMatchObject(RESPONSES.missingJobId);
        expect(await send('GET', '/get-object-url?object-uuid=..')).toMatchObject(RESPONSES.missingJobId);
        expect(await send('GET', '/get-object-url?object-uuid=..&job-id=x')).toMatchObject(RESPONSES.invalidJobId);
      });
    });

    describe('GET /get?include=object-urls', () => {
      test('adds a link to every uploaded file, whether or not the job succeeded', async () => {
        const { userId, jobs } = await newUser();
        const objectUuidNames = { 'a.png': 'A', 'b.wav': 'B', '../c': 'C' };
        await harness.putJob({ userId, jobId: 1, status: 'queued', objectUuidNames });
        for (const uuid of ['a.png', 'b.wav']) await harness.putObject(`${userId}/1/${uuid}`, `body of ${uuid}`);
        const response = await jobs.get(1, { include: 'object-urls' });
        const { object_urls = {} } = response;
        expect(Object.keys(response)).toEqual(['job_info', 'results', 'results_expire_at', 'object_urls']);
        expect(Object.keys(object_urls)).toEqual(['a.png', 'b.wav']);
        for (const [uuid, url] of Object.entries(object_urls)) expect(await bodyOf(url)).toBe(`body of ${uuid}`);
      });

      test('adds an empty map if there are no files', async () => {
        const { userId, send } = await newUser();
        await harness.putJob({ userId, jobId: 1 });
        const { body } = await send('GET', '/get?include=object-urls&job-id=1');
        expect(body).toMatch(/"results":{},"object_urls":{}}$/);
      });

      test('adds nothing if the parameter is empty', async () => {
        const { userId, send } = await newUser();
        await harness.putJob(wholeJob(userId));
        expect((await send('GET', '/get?job-id=1&include=')).body).not.toContain('object_urls');
      });

      test.each(['results', 'object_urls', 'Object-Urls', 'object-urls,results', 'object-urls&include=object-urls'])(
        'returns 400 for include=%s',
        async (value) => {
          const { send } = await newUser();
          expect(await send('GET', `/get?job-id=1&include=${value}`)).toMatchObject(
            invalid('include: string', 'must be object-urls'),
          );
        },
      );
    });

    describe('GET /get-object-url?download-as', () => {
      const saved = async ({ objectUrl }: JobsClient['jobs'], downloadAs: string) =>
        harness.get((await objectUrl(1, 'uuid.png', { downloadAs })).url);

      test('makes a browser save the file under that name', async () => {
        const { userId, jobs } = await newUser();
        await harness.putObject(`${userId}/1/uuid.png`, 'picture');
        const download = await saved(jobs, 'holiday.png');
        expect(download?.body).toBe('picture');
        expect(savedName(download?.contentDisposition ?? null)).toBe('holiday.png');
      });

      test.each([
        'a b',
        'Übermut ☀.txt',
        '"; filename="evil.exe',
        "it's",
        '%41.txt',
        'a;b=c',
        '😀',
        '..',
        'x'.repeat(255),
      ])('accepts the name %j', async (name) => {
        const { userId, jobs } = await newUser();
        await harness.putObject(`${userId}/1/uuid.png`, 'picture');
        expect(await saved(jobs, name)).toMatchObject({ body: 'picture' });
      });

      test('has no effect if it is empty', async () => {
        const { userId, jobs } = await newUser();
        await harness.putObject(`${userId}/1/uuid.png`, 'picture');
        expect(await saved(jobs, '')).toEqual({ body: 'picture', contentDisposition: null });
      });

      test.each(['a/b', 'a%5Cb', 'a%00', 'a%0D%0AX-Evil:%201', 'a%7F', 'a%C2%85', 'x'.repeat(256), 'a&download-as=b'])(
        'returns 400 for %s',
        async (value) => {
          const { send } = await newUser();
          const response = await send('GET', `/get-object-url?job-id=1&object-uuid=uuid.png&download-as=${value}`);
          const problem = 'must be 1 to 255 characters without control characters, / or \\';
          expect(response).toMatchObject(invalid('download-as: string', problem));
        },
      );
    });

    describe('GET /list, in pages', () => {
      interface Page {
        jobs: { job_id: number; status: string }[];
        next_cursor?: string;
      }

      const fill = async (userId: string, count: number) => {
        for (let jobId = 1; jobId <= count; jobId++)
          await harness.putJob({ userId, jobId, status: jobId % 3 === 0 ? 'success' : 'processing...5%' });
      };

      /** The numbers on each page, following the cursors to the end. */
      const follow = async (send: (method: string, path: string) => Promise<HttpResponse>, query: string) => {
        const pages: number[][] = [];
        let cursor = '';
        do {
          const { status, body } = await send('GET', `/list?${query}&cursor=${cursor}`);
          expect(status).toBe(200);
          const page = JSON.parse(body) as Page;
          pages.push(page.jobs.map(({ job_id }) => job_id));
          cursor = page.next_cursor ?? '';
        } while (cursor !== '' && pages.length < 100);
        return pages;
      };

      test.each([
        [
          'limit=4',
          [
            [1, 2, 3, 4],
            [5, 6, 7, 8],
            [9, 10],
          ],
        ],
        [
          'limit=4&order=desc',
          [
            [10, 9, 8, 7],
            [6, 5, 4, 3],
            [2, 1],
          ],
        ],
        [
          'limit=5',
          [
            [1, 2, 3, 4, 5],
            [6, 7, 8, 9, 10],
          ],
        ],
        ['limit=1000', [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]],
        ['order=desc', [[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]]],
        ['limit=2&status=success', [[3, 6], [9]]],
        ['limit=3&status=success', [[3, 6, 9]]],
        ['limit=2&status=success&order=desc', [[9, 6], [3]]],
        ['status=success', [[3, 6, 9]]],
        [
          'limit=4&status=processing',
          [
            [1, 2, 4, 5],
            [7, 8, 10],
          ],
        ],
        ['limit=4&status=failed_critical', [[]]],
        ['limit=&order=&status=', [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]],
      ])('%s', async (query, pages) => {
        const { userId, send } = await newUser();
        await fill(userId, 10);
        expect(await follow(send, query)).toEqual(pages);
      });

      test('is read by the client page after page', async () => {
        const { userId, jobs } = await newUser();
        await fill(userId, 10);
        const listed: number[] = [];
        for await (const { job_id } of jobs.list({ status: 'processing', order: 'desc', pageSize: 4 }))
          listed.push(job_id);
        expect(listed).toEqual([10, 8, 7, 5, 4, 2, 1]);
      });

      test('returns the progress of a job if its stored status has one', async () => {
        const { userId, send } = await newUser();
        await harness.putJob({ userId, jobId: 1, status: 'processing...5%' });
        expect((await send('GET', '/list')).body).toMatch(
          /"status":"processing","status_meaning":"Job is being processed \(5% done\)","progress_percent":5,"finished":false}\]}$/,
        );
      });

      test('returns the cursor after the jobs, and none on the last page', async () => {
        const { userId, send } = await newUser();
        await fill(userId, 3);
        const first = await send('GET', '/list?limit=2');
        expect(Object.keys(JSON.parse(first.body) as object)).toEqual(['jobs', 'next_cursor']);
        const last = await send('GET', '/list?limit=3');
        expect(Object.keys(JSON.parse(last.body) as object)).toEqual(['jobs']);
      });

      test("a cursor of another user positions in the caller's own list", async () => {
        const [one, other] = [await newUser(), await newUser()];
        await fill(one.userId, 5);
        await fill(other.userId, 3);
        const { next_cursor } = JSON.parse((await one.send('GET', '/list?limit=2')).body) as Page;
        const page = JSON.parse((await other.send('GET', `/list?limit=2&cursor=${next_cursor}`)).body) as Page;
        expect(page).toMatchObject({ jobs: [{ job_id: 3 }] });
      });

      test('a cursor is valid only for the order and the status of its list', async () => {
        const { userId, send } = await newUser();
        await fill(userId, 10);
        const { next_cursor } = JSON.parse((await send('GET', '/list?limit=2&status=success')).body) as Page;
        const refused = invalid('cursor: string', 'must be a next_cursor of this list');
        for (const query of ['', '&status=queued', '&status=success&order=desc', '&order=asc'])
          expect(await send('GET', `/list?limit=2&cursor=${next_cursor}${query}`)).toMatchObject(refused);
        const same = `/list?limit=2&cursor=${next_cursor}&status=success&order=asc`;
        expect(await send('GET', same)).toMatchObject({ status: 200 });
      });

      test.each([
        ...['x', '1', `${CURSOR}%3D`, `%20${CURSOR}`, `${CURSOR}A`, 'eyJhZnRlciI6MX0', `${CURSOR}&cursor=${CURSOR}`],
        ...[
          '1.asc..1',
          '1.asc.success.1',
          '2.asc..1',
          ...['0', '01', '-1', '1e3', '9007199254740992', '', '1.2', '1\n'].map((after) => `2.asc.${DIGEST}.${after}`),
          `2.up.${DIGEST}.1`,
          `2.ASC.${DIGEST}.1`,
          ` 2.asc.${DIGEST}.1`,
          `2.asc.${'A'.repeat(16)}.1`,
          `2.asc.${DIGEST}`,
        ].map((text) => Buffer.from(text).toString('base64url')),
      ])('returns 400 for the cursor %s', async (cursor) => {
        const { send } = await newUser();
        const response = await send('GET', `/list?limit=2&cursor=${cursor}`);
        expect(response).toMatchObject(invalid('cursor: string', 'must be a next_cursor of this list'));
      });

      test.each(['0', '1001', '-1', '1.5', '01', 'x', '1e2', '+5', '5&limit=5', '99999999999999999999'])(
        'returns 400 for limit=%s',
        async (value) => {
          const { send } = await newUser();
          const response = await send('GET', `/list?limit=${value}`);
          expect(response).toMatchObject(invalid('limit: number', 'must be a whole number from 1 to 1000'));
        },
      );

      test.each(['ASC', 'up', 'asc&order=asc'])('returns 400 for order=%s', async (value) => {
        const { send } = await newUser();
        expect(await send('GET', `/list?order=${value}`)).toMatchObject(
          invalid('order: string', 'must be asc or desc'),
        );
      });

      test.each([
        'archived',
        'Success',
        'processing...45%25',
        'constructor',
        'success,',
        ',success',
        'success,,queued',
        'success,%20queued',
        'success;queued',
        'success&status=queued',
      ])('returns 400 for status=%s', async (value) => {
        const { send } = await newUser();
        const codes =
          'pending, queued, processing, success, success_credits_restored, success_credits_not_restored, failed_size_mismatch, failed_requeued, failed_critical';
        expect(await send('GET', `/list?status=${value}`)).toMatchObject(
          invalid('status: string', `must be one or more of ${codes} separated by commas`),
        );
      });

      test('accepts the cursor that the rejected ones are similar to', async () => {
        const { send } = await newUser();
        expect(await send('GET', `/list?limit=2&cursor=${CURSOR}`)).toMatchObject({ status: 200 });
      });

      test('names the alphabetically first of several invalid parameters', async () => {
        const { send } = await newUser();
        const first = async (query: string) =>
          (JSON.parse((await send('GET', `/list?${query}`)).body) as { affected_query_parameter: string })
            .affected_query_parameter;
        const names = ['created-after', 'created-before', 'cursor', 'job-ids', 'limit', 'name', 'order', 'status'];
        for (const start of names.keys()) {
          const wrong = names.slice(start).map((name) => `${name}=${name === 'name' ? 'x'.repeat(256) : 'x'}`);
          const type = names[start] === 'limit' ? 'number' : 'string';
          expect(await first(wrong.toReversed().join('&'))).toBe(`${names[start]}: ${type}`);
        }
      });
    });

    describe('GET /list with filters', () => {
      const idsOf = (body: string) =>
        (JSON.parse(body) as { jobs: { job_id: number }[] }).jobs.map(({ job_id }) => job_id);

      const records = [
        { jobId: 1, jobName: 'Coast walk', date: '2020-01-01 12:00:00.000000000 UTC', status: 'success' },
        { jobId: 2, jobName: 'WALKING home', date: '2020-01-01 12:00:00.000000001 UTC', status: 'failed_critical' },
        { jobId: 3, jobName: 'Übermut ΟΔΟΣ', date: '2020-01-01 14:00:00 +0200 CEST m=+0.000012345', status: 'queued' },
        { jobId: 4, jobName: 'walk', date: 'last week', status: 'processing...5%' },
        { jobId: 5, date: '2021-01-01 00:00:00 UTC', status: 'archived' },
        { jobId: 6, jobName: '100%&+_', status: 'success' },
      ];

      test.each([
        ['status=success,failed_critical', [1, 2, 6]],
        ['status=processing', [4]],
        ['status=success,success', [1, 6]],
        ['name=walk', [1, 2, 4]],
        ['name=WALK', [1, 2, 4]],
        ['name=%C3%BCBERMUT', [3]],
        ['name=%CE%BF%CE%B4%CE%BF%CF%83', [3]],
        ['name=100%25%26%2B_', [6]],
        ['name=.*', []],
        ['created-after=2020-01-01T12:00:00Z', [1, 2, 3, 5]],
        ['created-after=2020-01-01T12:00:00.000000001Z', [2, 5]],
        ['created-after=2020-01-01T12:00:00.0000000001Z', [2, 5]],
        ['created-before=2020-01-01T12:00:00.000000001Z', [1, 3]],
        ['created-before=2020-01-01T12:00:00Z', []],
        ['created-after=2020-01-01T13:00:00%2B01:00&created-before=2020-01-01T12:00:00.000000001Z', [1, 3]],
        ['created-after=2021-01-01T00:00:00Z&created-before=2020-01-01T00:00:00Z', []],
        ['created-after=2020-01-01T12:00:00Z&created-before=2020-01-01T12:00:00Z', []],
        ['status=success,queued&name=walk&created-after=2019-01-01T00:00:00Z', [1]],
        ['status=&name=&created-after=&created-before=&order=desc', [6, 5, 4, 3, 2, 1]],
      ])('%s', async (query, expected) => {
        const { userId, send } = await newUser();
        for (const record of records) await harness.putJob({ userId, ...record });
        const { status, body } = await send('GET', `/list?${query}`);
        expect([status, idsOf(body)]).toEqual([200, expected]);
      });

      test.each(['created-after', 'created-before'])(
        'returns 400 for a %s that is not an RFC 3339 date-time',
        async (name) => {
          const { send } = await newUser();
          const expected = invalid(`${name}: string`, 'must be an RFC 3339 date-time such as 2026-01-31T00:00:00Z');
          for (const value of [
            ...['2026-01-31', '2026-01-31T00:00:00', '2026-01-31T00:00:00+02:00', '2026-02-30T00:00:00Z', 'now', '0'],
            ...['2026-01-31%2000:00:00Z', '2020-01-01%2012:00:00%20UTC', '2026-01-31T00:00:00Z%0A'],
            `2026-01-31T00:00:00Z&${name}=2026-01-31T00:00:00Z`,
          ])
            expect([value, await send('GET', `/list?${name}=${value}`)]).toMatchObject([value, expected]);
        },
      );

      test('returns 400 for a name of 256 characters, and accepts one of 255', async () => {
        const { send } = await newUser();
        for (const character of ['x', '%F0%9F%98%80']) {
          expect(await send('GET', `/list?name=${character.repeat(255)}`)).toMatchObject({ status: 200 });
          expect(await send('GET', `/list?name=${character.repeat(256)}`)).toMatchObject(
            invalid('name: string', 'must be 1 to 255 characters'),
          );
        }
        expect(await send('GET', '/list?name=a&name=a')).toMatchObject({ status: 400 });
      });

      test('a cursor belongs to its filters, however they are written', async () => {
        const { userId, send } = await newUser();
        for (const record of records) await harness.putJob({ userId, ...record });
        const filters = 'status=success,queued&name=a&created-after=2020-01-01T00:00:00Z';
        const { next_cursor } = JSON.parse((await send('GET', '/list?limit=1&status=success,queued')).body) as {
          next_cursor: string;
        };
        const refused = invalid('cursor: string', 'must be a next_cursor of this list');
        for (const query of [filters, 'status=success', 'status=success,queued,pending', 'name=success,queued', ''])
          expect(await send('GET', `/list?limit=1&cursor=${next_cursor}&${query}`)).toMatchObject(refused);
        const same = await send('GET', `/list?cursor=${next_cursor}&status=queued,success,queued&order=asc`);
        expect([same.status, idsOf(same.body)]).toEqual([200, [3, 6]]);
      });
    });

    describe('GET /list?job-ids', () => {
      const idsOf = (body: string) =>
        (JSON.parse(body) as { jobs: { job_id: number }[] }).jobs.map(({ job_id }) => job_id);

      test.each([
        ['job-ids=3,1', [1, 3]],
        ['job-ids=3,1&order=desc', [3, 1]],
        ['job-ids=2,2,2', [2]],
        ['job-ids=9,2,9007199254740991', [2]],
        ['job-ids=8,9', []],
        ['job-ids=1,2,3&status=success', [3]],
        ['job-ids=1,2,3&name=JOB%202&order=desc', [2]],
        ['job-ids=1,2,3,5&limit=&cursor=', [1, 2, 3]],
        ['job-ids=', [1, 2, 3, 4]],
      ])('%s', async (query, expected) => {
        const [{ userId, send }, other] = [await newUser(), await newUser()];
        for (let jobId = 1; jobId <= 4; jobId++)
          await harness.putJob({ userId, jobId, jobName: `Job ${jobId}`, status: jobId === 3 ? 'success' : 'queued' });
        await harness.putJob({ userId: other.userId, jobId: 8 });
        const { status, body } = await send('GET', `/list?${query}`);
        expect([status, idsOf(body)]).toEqual([200, expected]);
      });

      test('returns the fields of the whole list, and leaves out a job that cannot be read', async () => {
        const { userId, send } = await newUser();
        await harness.putJob(wholeJob(userId));
        await harness.putUnreadableJob(userId, 2);
        expect((await send('GET', '/list?job-ids=1,2')).body).toBe((await send('GET', '/list')).body);
      });

      test('accepts 100 ids', async () => {
        const { userId, send } = await newUser();
        await harness.putJob({ userId, jobId: 100 });
        const ids = Array.from({ length: 100 }, (_, index) => 9007199254740892 + index);
        expect(idsOf((await send('GET', `/list?job-ids=${ids.join()}`)).body)).toEqual([]);
        expect(idsOf((await send('GET', `/list?job-ids=${[...ids.slice(1), 100].join()}`)).body)).toEqual([100]);
      });

      test.each([
        ...['x', '0', '01', '1,', ',1', '1,,2', '1, 2', '1;2', '+1', '1.0', '1e3', '1,2,x', ','],
        ...['9007199254740992', '1,9007199254740992', '1&job-ids=2', '%', Array(101).fill('1').join()],
      ])('returns 400 for job-ids=%s', async (value) => {
        const { send } = await newUser();
        const path = `/list?job-ids=${value.replaceAll(' ', '%20')}`;
        expect(await send('GET', path)).toMatchObject(
          invalid('job-ids: string', 'must be 1 to 100 job ids separated by commas'),
        );
      });

      test('cannot be combined with limit or cursor, whatever they are', async () => {
        const { send } = await newUser();
        const problem = 'cannot be combined with job-ids';
        for (const limit of ['5', '0', 'x'])
          expect(await send('GET', `/list?job-ids=1&limit=${limit}`)).toMatchObject(invalid('limit: number', problem));
        for (const cursor of [CURSOR, 'x', `${CURSOR}&limit=5`])
          expect(await send('GET', `/list?job-ids=1&cursor=${cursor}`)).toMatchObject(
            invalid('cursor: string', problem),
          );
      });
    });

    describe('the lifetime of links', () => {
      interface Links {
        readonly url?: string;
        readonly expires_at?: string;
        readonly results_expire_at?: string;
      }

      test.each(['/get?job-id=1', '/get-object-url?job-id=1&object-uuid=uuid.png'])(
        'GET %s returns links that last for expires-in seconds, and no longer than configured',
        async (path) => {
          const { userId, send } = await newUser();
          await harness.putJob(wholeJob(userId));
          const endOf = async (query: string) => {
            const { expires_at, results_expire_at } = JSON.parse((await send('GET', path + query)).body) as Links;
            return Date.parse(expires_at ?? results_expire_at ?? '');
          };
          const configured = await endOf('');
          const start = Date.now();
          const [short, long] = [await endOf('&expires-in=30'), await endOf('&expires-in=604800')];
          expect(short).toBeGreaterThan(start + 28_000);
          expect(short).toBeLessThan(Date.now() + 32_000);
          expect(long).toBeLessThan(Math.max(configured, start) + 604_810_000);
          expect(long).toBeGreaterThan(Math.min(configured, start + 604_800_000) - 2_000);
          expect(await endOf('&expires-in=')).toBeGreaterThanOrEqual(configured);
        },
      );

      test.each(['/get', '/get-object-url'])('GET %s returns 400 for any other expires-in', async (path) => {
        const { send } = await newUser();
        for (const value of ['0', '604801', '-1', '1.5', '01', '1e3', 'x', '60&expires-in=60', '9'.repeat(30)])
          expect(await send('GET', `${path}?job-id=1&object-uuid=a&expires-in=${value}`)).toMatchObject(
            invalid('expires-in: number', 'must be a whole number from 1 to 604800'),
          );
      });
    });

    describe('GET /get-object-url?result', () => {
      test('links that result of the object, and combines with the other parameters', async () => {
        const { userId, send } = await newUser();
        await harness.putObject(`${userId}/1/uuid.png`, 'picture');
        await harness.putObject(`${userId}/1/results/uuid.png.json`, 'full');
        await harness.putObject(`${userId}/1/results/uuid.png.min.json`, 'min');
        const linked = async (query: string) => {
          const { body } = await send('GET', `/get-object-url?job-id=1&object-uuid=uuid.png${query}`);
          return harness.get((JSON.parse(body) as { url: string }).url);
        };
        expect(await linked('&result=full')).toEqual({ body: 'full', contentDisposition: null });
        expect(await linked('&result=min')).toEqual({ body: 'min', contentDisposition: null });
        expect(await linked('&result=')).toEqual({ body: 'picture', contentDisposition: null });
        const saved = await linked('&result=full&download-as=a.json&expires-in=30');
        expect(saved?.body).toBe('full');
        expect(savedName(saved?.contentDisposition ?? null)).toBe('a.json');
      });

      test.each(['Full', 'full,min', 'upload', 'full&result=full'])('returns 400 for result=%s', async (value) => {
        const { send } = await newUser();
        expect(await send('GET', `/get-object-url?job-id=1&object-uuid=uuid.png&result=${value}`)).toMatchObject(
          invalid('result: string', 'must be full or min'),
        );
      });

      test('names the first of several wrong parameters', async () => {
        const { send } = await newUser();
        const wrong = ['job-id=x', 'object-uuid=-', 'download-as=/', 'expires-in=x', 'result=x'];
        const given = ['job-id=1', 'object-uuid=a', '', '', ''];
        for (const [index, parameter] of wrong.entries()) {
          const query = [...given.slice(0, index), ...wrong.slice(index)].toReversed().join('&');
          const { body } = await send('GET', `/get-object-url?${query}`);
          const { affected_query_parameter } = JSON.parse(body) as { affected_query_parameter: string };
          expect(affected_query_parameter.split(':')[0]).toBe(parameter.split('=')[0]);
        }
      });
    });

    describe('DELETE /delete?only-if=finished', () => {
      const notFinished = {
        status: 409,
        body: '{"message":"The job is not finished","affected_query_parameter":"job-id: number"}',
      };

      test.each(['pending', 'queued', 'processing...45%', 'failed_requeued', 'archived', undefined])(
        'returns 409 and removes nothing if the status is %s',
        async (status) => {
          const { userId, send } = await newUser();
          await harness.putJob({ userId, jobId: 1, ...(status && { status }) });
          await harness.putObject(`${userId}/1/uuid.png`, 'x');
          expect(await send('DELETE', '/delete?job-id=1&only-if=finished')).toMatchObject(notFinished);
          expect(await harness.hasJob(userId, 1)).toBe(true);
          expect(await harness.contents(`${userId}/1/`)).toHaveLength(1);
          expect(await send('DELETE', '/delete?job-id=1&only-if=')).toMatchObject(RESPONSES.ok);
        },
      );

      test.each(['success', 'success_credits_restored', 'failed_size_mismatch', 'failed_critical'])(
        'deletes a job whose status is %s',
        async (status) => {
          const { userId, send } = await newUser();
          await harness.putJob({ userId, jobId: 1, status });
          await harness.putObject(`${userId}/1/uuid.png`, 'x');
          expect(await send('DELETE', '/delete?job-id=1&only-if=finished')).toMatchObject(RESPONSES.ok);
          expect(await harness.hasJob(userId, 1)).toBe(false);
          expect(await harness.contents(`${userId}/1/`)).toEqual([]);
        },
      );

      test('removes files that have no record', async () => {
        const { userId, send } = await newUser();
        await harness.putObject(`${userId}/1/uuid.png`, 'x');
        expect(await send('DELETE', '/delete?job-id=1&only-if=finished')).toMatchObject(RESPONSES.ok);
        expect(await harness.contents(`${userId}/1/`)).toEqual([]);
      });

      test('returns 500 and removes nothing if the record cannot be read', async () => {
        const { userId, send } = await newUser();
        await harness.putUnreadableJob(userId, 1);
        await harness.putObject(`${userId}/1/uuid.png`, 'x');
        expect(await send('DELETE', '/delete?job-id=1&only-if=finished')).toMatchObject(RESPONSES.failure);
        expect(await harness.hasJob(userId, 1)).toBe(true);
        expect(await harness.contents(`${userId}/1/`)).toHaveLength(1);
      });

      test.each(['Finished', 'true', 'finished&only-if=finished'])('returns 400 for only-if=%s', async (value) => {
        const { send } = await newUser();
        expect(await send('DELETE', `/delete?job-id=1&only-if=${value}`)).toMatchObject(
          invalid('only-if: string', 'must be finished'),
        );
      });
    });

    describe('DELETE /delete?include=receipt', () => {
      test('has the counts of what was removed, and the time when nothing was left', async () => {
        const { userId, send } = await newUser();
        await harness.putJob(wholeJob(userId));
        await harness.putObject(`${userId}/1/uuid.png`, 'picture');
        await harness.putObject(`${userId}/1/results/uuid.png.json`, '{}');
        await harness.putObject(`${userId}/10/uuid.png`, 'picture');
        const start = Date.now();
        const { status, body } = await send('DELETE', '/delete?job-id=1&include=receipt&only-if=finished');
        expect(status).toBe(200);
        const { receipt } = JSON.parse(body) as { receipt: { verified_at: string } };
        expect(body).toBe(
          `{"message":"Ok","receipt":{"job_id":1,"record":"deleted","objects":2,"uploads":0,"bytes":9,"verified_at":"${receipt.verified_at}"}}`,
        );
        expect(receipt.verified_at).toMatch(RFC_3339);
        expect(Date.parse(receipt.verified_at)).toBeGreaterThanOrEqual(start);
        expect(Date.parse(receipt.verified_at)).toBeLessThanOrEqual(Date.now());
      });

      test('has counts of 0 if there was nothing to remove', async () => {
        const { send } = await newUser();
        const { body } = await send('DELETE', '/delete?include=receipt&job-id=7');
        expect(JSON.parse(body)).toMatchObject({
          receipt: { job_id: 7, record: 'absent', objects: 0, uploads: 0, bytes: 0 },
        });
      });

      test('counts the record of a job that cannot be read', async () => {
        const { userId, send } = await newUser();
        await harness.putUnreadableJob(userId, 1);
        const { body } = await send('DELETE', '/delete?job-id=1&include=receipt');
        expect(JSON.parse(body)).toMatchObject({ receipt: { record: 'deleted', objects: 0 } });
      });

      test.each(['object-urls', 'Receipt', 'receipt,receipt', 'receipt&include=receipt'])(
        'returns 400 for include=%s',
        async (value) => {
          const { send } = await newUser();
          expect(await send('DELETE', `/delete?job-id=1&include=${value}`)).toMatchObject(
            invalid('include: string', 'must be receipt'),
          );
        },
      );
    });

    describe('DELETE /delete', () => {
      test('removes the job with all its files, and nothing of job 10', async () => {
        const { userId, jobs } = await newUser();
        for (const jobId of [1, 10]) {
          await harness.putJob({ ...wholeJob(userId), jobId });
          for (const key of ['uuid.png', 'DONE', 'results/uuid.png.json', 'results/uuid.png.min.json'])
            await harness.putObject(`${userId}/${jobId}/${key}`, 'x');
        }
        await jobs.delete(1);
        expect(await harness.contents(`${userId}/1/`)).toEqual([]);
        expect(await harness.hasJob(userId, 1)).toBe(false);
        expect(await harness.contents(`${userId}/10/`)).toHaveLength(4);
        expect(await harness.hasJob(userId, 10)).toBe(true);
      });

      test('returns the same if it is repeated, and if there never was a job', async () => {
        const { userId, send } = await newUser();
        await harness.putJob(wholeJob(userId));
        for (let time = 1; time <= 3; time++)
          expect(await send('DELETE', '/delete?job-id=1')).toMatchObject(RESPONSES.ok);
      });

      test('removes files that have no record', async () => {
        const { userId, send } = await newUser();
        await harness.putObject(`${userId}/1/uuid.png`, 'x');
        expect(await send('DELETE', '/delete?job-id=1')).toMatchObject(RESPONSES.ok);
        expect(await harness.contents(`${userId}/1/`)).toEqual([]);
      });

      test("leaves another user's job as it is", async () => {
        const [owner, { send }] = [await newUser(), await newUser()];
        await harness.putJob(wholeJob(owner.userId));
        await harness.putObject(`${owner.userId}/1/uuid.png`, 'x');
        expect(await send('DELETE', '/delete?job-id=1')).toMatchObject(RESPONSES.ok);
        expect(await harness.hasJob(owner.userId, 1)).toBe(true);
        expect(await harness.contents(`${owner.userId}/1/`)).toHaveLength(1);
      });

      test('removes a record that cannot be read', async () => {
        const { userId, send } = await newUser();
        await harness.putUnreadableJob(userId, 1);
        expect(await send('DELETE', '/delete?job-id=1')).toMatchObject(RESPONSES.ok);
        expect(await harness.hasJob(userId, 1)).toBe(false);
      });
    });

    describe.each([
      ['GET', '/get', ''],
      ['GET', '/get-object-url', '&object-uuid=uuid.png'],
      ['DELETE', '/delete', ''],
    ])('the job-id of %s %s', (method, path, rest) => {
      test.each(['', '?job-id', '?job-id=', '?Job-Id=1', '?job_id=1', '?jobid=1'])(
        'is missing in %j',
        async (query) => {
          const { send } = await newUser();
          expect(await send(method, `${path}${query}${rest && (query ? rest : `?${rest}`)}`)).toMatchObject(
            RESPONSES.missingJobId,
          );
        },
      );

      test.each([
        ...[
          '0',
          '01',
          '1.0',
          '1e3',
          '%201',
          '1%20',
          '+1',
          '%2B1',
          '-1',
          '0x1',
          '1,2',
          'one',
          '%EF%BC%91',
          '1%00',
          'null',
        ],
        ...['9007199254740992', '9'.repeat(300), '1&job-id=1', '1&job-id=2', '&job-id=1', '%', '%zz'],
      ])('returns 400 as job-id=%s', async (value) => {
        const { send } = await newUser();
        expect(await send(method, `${path}?job-id=${value}${rest}`)).toMatchObject(RESPONSES.invalidJobId);
      });

      test.each(['job-id[]=1', 'job-id%5B%5D=1', 'job-id[0]=1', 'job-id[a]=1', 'job-id=1&job-id[]=1'])(
        'returns 400 as %s',
        async (query) => {
          const { send } = await newUser();
          expect(await send(method, `${path}?${query}${rest}`)).toMatchObject(RESPONSES.invalidJobId);
        },
      );

      test('can be percent-encoded, and beside unknown parameters', async () => {
        const { userId, send } = await newUser();
        await harness.putJob(wholeJob(userId));
        expect(await send(method, `${path}?x=1&job%2Did=%31&y=%zz&x=2${rest}`)).toMatchObject({ status: 200 });
      });
    });

    describe('a token', () => {
      test.each(['%s', 'Bearer %s', 'bearer %s', 'BEARER   %s'])('is accepted in Authorization: %s', async (format) => {
        const { authorization } = await newUser();
        const header = ['Authorization', format.replace('%s', authorization[1])] as const;
        expect(await harness.send({ path: `${BASE}/list`, headers: [header] })).toMatchObject({ status: 200 });
      });

      test.each(routes)('is needed for %s %s', async (method, path) => {
        const response = await harness.send({ method, path });
        expect(response).toMatchObject(RESPONSES.unauthorized);
        expect(response.headers['www-authenticate']).toBe('Bearer');
      });

      test.each(['', 'nonsense', 'Bearer', 'Bearer ', 'Basic dTpw', 'Bearer a.b.c', 'null'])(
        'is not %j',
        async (value) => {
          const response = await harness.send({ path: `${BASE}/list`, headers: [['Authorization', value]] });
          expect(response).toMatchObject(RESPONSES.unauthorized);
        },
      );

      test('is rejected if there are two', async () => {
        const { authorization } = await newUser();
        const [name, token] = authorization;
        for (const headers of [
          [authorization, authorization],
          [authorization, [name, 'x'] as const],
          [[name, 'x'] as const, authorization],
          [[name, `${token} ${token}`] as const],
          [[name, `${token}, ${token}`] as const],
        ])
          expect(await harness.send({ path: `${BASE}/list`, headers })).toMatchObject(RESPONSES.unauthorized);
      });

      test('is ignored in the query and in a cookie', async () => {
        const { authorization } = await newUser();
        const [, token] = authorization;
        const path = `${BASE}/list?Authorization=${token}&token=${token}&access_token=${token}`;
        const headers = [['Cookie', `Authorization=${token}; token=${token}`] as const];
        expect(await harness.send({ path, headers })).toMatchObject(RESPONSES.unauthorized);
      });

      test('is verified before the parameters', async () => {
        expect(await harness.send({ path: `${BASE}/get?job-id=x` })).toMatchObject(RESPONSES.unauthorized);
        expect(await harness.send({ path: `${BASE}/get-object-url` })).toMatchObject(RESPONSES.unauthorized);
      });
    });

    describe('a route', () => {
      test.each([
        ...[
          '/',
          '/api',
          '/api/v1/jobs',
          `${BASE}/`,
          `${BASE}/list/`,
          `${BASE}/List`,
          '/API/v1/jobs/list',
          `${BASE}//list`,
        ],
        ...[
          '/api/v2/jobs/list',
          `${BASE}/list/1`,
          `${BASE}/lists`,
          `${BASE}/%6Cist`,
          `${BASE}/../jobs/list`,
          '//list',
          '/list',
        ],
        ...['/healthz/', '/%', '/favicon.ico', '/?job-id=1'],
      ])('that does not exist, %s, returns 404 without a token', async (path) => {
        expect(await harness.send({ path })).toMatchObject(RESPONSES.noRoute);
      });

      test.each([
        ...['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].flatMap((method) =>
          ['list', 'get', 'get-object-url'].map((path) => [method, path, 'GET, HEAD']),
        ),
        ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'OPTIONS'].map((method) => [method, 'delete', 'DELETE']),
      ] as [string, string, string][])('has its methods: %s /%s returns 405', async (method, path, allow) => {
        const response = await harness.send({ method, path: `${BASE}/${path}?job-id=1` });
        expect(response).toMatchObject(method === 'HEAD' ? { status: 405, body: '' } : RESPONSES.noMethod);
        expect(response.headers.allow).toBe(allow);
      });

      test.each(routes.filter(([method]) => method === 'GET'))(
        'for %s responds to HEAD without a body: %s',
        async (_, path) => {
          const { userId, authorization } = await newUser();
          await harness.putJob({ ...wholeJob(userId), status: 'queued' });
          const headers = [authorization];
          const [get, head] = [
            await harness.send({ path, headers }),
            await harness.send({ method: 'HEAD', path, headers }),
          ];
          expect(head).toMatchObject({ status: 200, body: '' });
          expect(head.headers['content-type']).toBe(get.headers['content-type']);
          expect(await harness.send({ method: 'HEAD', path })).toMatchObject({ status: 401, body: '' });
        },
      );

      test.each(routes)('%s %s never reads a body', async (method, path) => {
        const { userId, authorization } = await newUser();
        await harness.putJob(wholeJob(userId));
        const headers = [authorization, ['Content-Type', 'application/json'] as const];
        expect(await harness.send({ method, path, headers, body: '{"job-id":' })).toMatchObject({ status: 200 });
      });
    });

    describe('every response', () => {
      const requests: [string, string, boolean][] = [
        ['GET', `${BASE}/list`, true],
        ['GET', `${BASE}/get`, true],
        ['GET', `${BASE}/get?job-id=5`, true],
        ['DELETE', `${BASE}/delete?job-id=5`, true],
        ['GET', `${BASE}/list`, false],
        ['GET', '/nowhere', false],
        ['POST', `${BASE}/list`, false],
        ['GET', '/healthz', false],
        ['GET', '/readyz', false],
        ['GET', '/openapi.json', false],
      ];

      test.each(requests)('to %s %s is JSON that must not be cached or sniffed', async (method, path, signedIn) => {
        const { authorization } = await newUser();
        const { headers, body } = await harness.send({ method, path, headers: signedIn ? [authorization] : [] });
        expect(headers).toMatchObject({
          'content-type': 'application/json; charset=utf-8',
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
          'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
          'strict-transport-security': 'max-age=31536000; includeSubDomains',
        });
        expect(headers).not.toHaveProperty('etag');
        expect(headers).not.toHaveProperty('x-powered-by');
        expect(() => JSON.parse(body) as unknown).not.toThrow();
      });

      test.each(requests)("to %s %s carries the caller's request id, or a new one", async (method, path, signedIn) => {
        const { authorization } = await newUser();
        const send = (...ids: string[]) => {
          const headers = [...(signedIn ? [authorization] : []), ...ids.map((id) => ['X-Request-Id', id] as const)];
          return harness.send({ method, path, headers });
        };
        for (const id of ['a', '0af7651916cd43dd8448eb211c80319c', 'A.b_c-9', 'x'.repeat(128)])
          expect((await send(id)).headers['x-request-id']).toBe(id);
        for (const ids of [[], [''], ['a b'], ['a;b'], ['x'.repeat(129)], ['a', 'b'], ['{}']])
          expect((await send(...ids)).headers['x-request-id']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      });
    });

    describe('compression', () => {
      const accept = (encoding: string) => ['Accept-Encoding', encoding] as const;

      test.each([
        ['br', 'br'],
        ['gzip', 'gzip'],
        ['gzip, deflate, br', 'br'],
        ['br;q=0, gzip', 'gzip'],
        ['identity', undefined],
        ['zstd', undefined],
      ])('of a body over 1 KiB follows Accept-Encoding: %j', async (accepted, encoding) => {
        const { userId, authorization } = await newUser();
        for (let jobId = 1; jobId <= 20; jobId++) await harness.putJob({ userId, jobId, jobName: `Übermut ${jobId}` });
        const path = `${BASE}/list`;
        const plain = await harness.send({ path, headers: [authorization] });
        const response = await harness.send({ path, headers: [authorization, accept(accepted)] });
        expect(response.headers['content-encoding']).toBe(encoding);
        expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
        expect(response.headers.vary).toMatch(/Accept-Encoding/);
        expect(plain.headers).not.toHaveProperty('content-encoding');
        expect(response.body).toBe(plain.body);
      });

      test.each(['a.png', 'a'.repeat(255)])('of a link is used above 1 KiB, too', async (objectUuid) => {
        const { authorization } = await newUser();
        const path = `${BASE}/get-object-url?job-id=1&object-uuid=${objectUuid}&download-as=${'%C3%BC'.repeat(100)}`;
        const { headers, body } = await harness.send({ path, headers: [authorization, accept('br, gzip')] });
        expect(headers['content-encoding']).toBe(Buffer.byteLength(body) > 1_024 ? 'br' : undefined);
        expect(JSON.parse(body)).toHaveProperty('url');
      });

      test('is not used for a smaller body', async () => {
        const { send, authorization } = await newUser();
        const response = await harness.send({ path: `${BASE}/list`, headers: [authorization, accept('br, gzip')] });
        expect(response.headers).not.toHaveProperty('content-encoding');
        expect(response.body).toBe((await send('GET', '/list')).body);
      });
    });

    test('the client throws the error of the response', async () => {
      const { jobs } = await newUser();
      const affectedQueryParameter = 'job-id: number';
      await expect(jobs.get(1)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND', status: 404, affectedQueryParameter });
      await expect(jobs.delete(0)).rejects.toMatchObject({ code: 'INVALID_PARAMETER', affectedQueryParameter });
    });

    describe('GET /openapi.json', () => {
      test('describes the API, without a token', async () => {
        const { status, body } = await harness.send({ path: '/openapi.json' });
        expect(status).toBe(200);
        expect(JSON.parse(body)).toEqual(openapi);
      });

      test('is compressed if the client accepts it', async () => {
        const headers = [['Accept-Encoding', 'gzip'] as const];
        const response = await harness.send({ path: '/openapi.json', headers });
        expect(response.headers['content-encoding']).toBe('gzip');
        expect(JSON.parse(response.body)).toEqual(openapi);
      });
    });

    describe('health', () => {
      test('is public', async () => {
        expect(await harness.send({ path: '/healthz' })).toMatchObject({ status: 200, body: '{"status":"ok"}' });
        expect(await harness.send({ path: '/readyz' })).toMatchObject({ status: 200, body: '{"status":"ready"}' });
      });

      test.each(['/healthz', '/readyz', '/openapi.json'])('%s has no other method', async (path) => {
        const response = await harness.send({ method: 'POST', path });
        expect(response).toMatchObject(RESPONSES.noMethod);
        expect(response.headers.allow).toBe('GET, HEAD');
      });
    });
  });
};
