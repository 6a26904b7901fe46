import { createHash } from 'node:crypto';
import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { HttpResponse } from '@jobs-api/http-express/testing/contracts';

export interface ModelJob {
  readonly jobName: string;
  readonly status: string;
  readonly files: readonly string[];
}

/** Everything that should be stored. */
export interface Model {
  /** Jobs by user id and job id. */
  readonly jobs: Map<string, Map<number, ModelJob>>;
  /** Contents by key. No two objects have the same content. */
  readonly objects: Map<string, string>;
}

/** The service and its stores in one run. User ids are those of the model, if the comment of a method says nothing else. */
export interface Real {
  /** Returns the user id or key in this run: that of the model after the number of the run. */
  readonly inRun: (userId: string) => string;
  readonly send: (userId: string, method: string, target: string, headers?: RequestHeaders) => Promise<HttpResponse>;
  /** Sends a request with a token for a user id that need not be one of the model, or valid. */
  readonly sendAs: (userId: string, method: string, target: string) => Promise<HttpResponse>;
  readonly putJob: (userId: string, jobId: number, job: ModelJob) => Promise<void>;
  readonly putObject: (key: string, content: string) => Promise<void>;
  /** Returns the content behind a URL, or `undefined` if there is none. */
  readonly get: (userId: string, url: string) => Promise<string | undefined>;
  /** Counts a name or a content that was shown to a user, and whether it belongs to another user. */
  readonly countSeen: (userId: string, text: string) => void;
  /** Cursors of all users. */
  readonly cursors: string[];
}

export type IsolationCommand = fc.AsyncCommand<Model, Real>;
export type RequestHeaders = readonly (readonly [name: string, value: string])[];

export const BASE = '/api/v1/jobs';
const JOB_ID = /^[1-9][0-9]*$/;
const OBJECT_UUID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;
const FINISHED = ['success', 'success_credits_restored', 'success_credits_not_restored'];

/** User ids that look alike, or like the beginning of each other, or like a part of a key. */
export const USER_IDS = ['a', 'A', 'a.', 'a1', 'a%2F1', '\uff41', 'a\u0301', '\u00e1'];
const FILES = ['1.png', '2.wav', 'DONE', 'results', '1'];

const HOSTILE = [
  ...[
    '..',
    '.',
    '/',
    '../a/1',
    '%2e%2e%2f',
    '..%2F..%2F',
    '\u0000',
    'a\u0000',
    '1\n',
    '\\',
    '1/../2',
    'results/1.png.json',
  ],
  ...['%2F', 'a%2F1', '%00', '%', '1.png\r\nX: 1', '\uff11.png', '1\u2024png', '1.pn\u0433', 'results\u2044x.json'],
  ...['\uff11', '\u0661', '1\u200b', '\u{1f600}', 'x'.repeat(2_000), '9'.repeat(400), '', ' ', '0', '-1', '1e1', '01'],
];
/** Ids that no user may have, because keys made of them could belong to another user. */
const INVALID_USER_IDS = [
  '',
  '.',
  '..',
  'a/1',
  '/',
  'a\\1',
  'a\u0000',
  'a\n',
  'a\u0085',
  'x'.repeat(129),
  'x'.repeat(2_000),
  '\ud800',
];

/** Headers and parameters that an implementation could take for a user id. */
const claimsToBe = (userId: string): { query: string; headers: RequestHeaders } => ({
  query: query(
    Object.fromEntries(['user-id', 'user_id', 'userId', 'user', 'sub', 'token'].map((key) => [key, userId])),
  ),
  headers: ['X-User-Id', 'X-Forwarded-User', 'X-Amzn-Oidc-Identity', 'Cookie'].map((name) => [
    name,
    encodeURIComponent(userId),
  ]),
});

/** Queries that two parsers may read differently, or that name more than one user or job. */
const AMBIGUOUS = [
  'job-id=1&job-id=2',
  'job-id[]=1',
  'job-id[a]=1',
  'job-id=1&job-id[]=2',
  'job-id=1%00',
  'job-id=1%2F..%2F2',
  'job-id=%31%',
  'job-id=1;job-id=2',
];

const anything = fc.string({ unit: 'binary', maxLength: 20 });
const hostile = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...HOSTILE) }, { weight: 1, arbitrary: anything });
const jobIds = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('1', '2', '3', '10') },
  { weight: 1, arbitrary: hostile },
);
const uuids = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...FILES) }, { weight: 1, arbitrary: hostile });
const userIds = fc.constantFrom(...USER_IDS);

const isJobId = (text: string) => JOB_ID.test(text) && Number.isSafeInteger(Number(text));
const isObjectUuid = (text: string) => OBJECT_UUID.test(text);
const query = (parameters: Readonly<Record<string, string>>) => new URLSearchParams(parameters).toString();
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a cast that names the type that it reads
const json = <Body>({ body }: HttpResponse) => JSON.parse(body) as Body;

/** Stores a job, or more of one, as the uploader and the processor do. */
const store = (
  userId: string,
  jobId: number,
  status: string,
  added: readonly string[],
  marker: number,
): IsolationCommand => ({
  check: () => true,
  run: async (model, real) => {
    const jobs = model.jobs.get(userId) ?? new Map<number, ModelJob>();
    const files = [...new Set([...(jobs.get(jobId)?.files ?? []), ...added])];
    // Names and contents begin with their owner.
    const job = { jobName: `${real.inRun(userId)}/${jobId} ${marker}`, status, files };
    model.jobs.set(userId, jobs.set(jobId, job));
    await real.putJob(userId, jobId, job);
    const results = FINISHED.includes(status)
      ? files.flatMap((file) => [`results/${file}.json`, `results/${file}.min.json`])
      : [];
    const put = (name: string) => {
      const key = `${userId}/${jobId}/${name}`;
      const content = `${real.inRun(key)} ${marker}`;
      model.objects.set(key, content);
      return real.putObject(key, content);
    };
    await Promise.all([...added, ...results].map(put));
  },
  toString: () => `store(${JSON.stringify([userId, jobId, status, added, marker])})`,
});

const list = (userId: string, parameters: Readonly<Record<string, string>>): IsolationCommand => ({
  check: () => true,
  run: async (model, real) => {
    const { order = 'asc', status } = parameters;
    const expected = [...(model.jobs.get(userId) ?? new Map<number, ModelJob>())]
      .filter(([, job]) => status === undefined || job.status === status)
      .sort(([one], [other]) => (order === 'asc' ? one - other : other - one))
      .map(([jobId, { jobName }]) => [jobId, jobName]);
    const found: unknown[] = [];
    let cursor: string | undefined;
    do {
      const response = await real.send(userId, 'GET', `/list?${query({ ...parameters, ...(cursor && { cursor }) })}`);
      expect(response.status).toBe(200);
      const page = json<{ jobs: { job_id: number; job_name: string }[]; next_cursor?: string }>(response);
      for (const { job_name } of page.jobs) real.countSeen(userId, job_name);
      found.push(...page.jobs.map(({ job_id, job_name }) => [job_id, job_name]));
      cursor = page.next_cursor;
      if (cursor !== undefined) real.cursors.push(cursor);
    } while (cursor !== undefined);
    expect(found).toEqual(expected);
  },
  toString: () => `list(${JSON.stringify([userId, parameters])})`,
});

/** Digest of the filters in a cursor of a list without filters. */
const NO_FILTERS = createHash('sha256').update('[null,null,null,null]').digest().subarray(0, 12).toString('base64url');
const FIRST_CURSOR = Buffer.from(`2.asc.${NO_FILTERS}.1`).toString('base64url');

/** Returns the job after which a cursor of a list without parameters continues, or `undefined` if it is not one. */
const readCursor = (text: string): number | undefined => {
  const decoded = Buffer.from(text, 'base64url').toString();
  const [, digest, after] = /^2\.asc\.([\w-]{16})\.([1-9][0-9]*)$/.exec(decoded) ?? [];
  const isCanonical = Buffer.from(decoded).toString('base64url') === text;
  return digest === NO_FILTERS && after !== undefined && isCanonical && Number.isSafeInteger(Number(after))
    ? Number(after)
    : undefined;
};

/** Continues a list at any user's cursor, or at a cursor that `forge` makes of one. */
const listFrom = (
  userId: string,
  pick: number,
  forge: (given: string) => string,
  description: string,
): IsolationCommand => ({
  check: () => true,
  run: async (model, real) => {
    const cursor = forge(real.cursors[pick % Math.max(real.cursors.length, 1)] ?? FIRST_CURSOR);
    const response = await real.send(userId, 'GET', `/list?${query({ cursor })}`);
    const after = cursor === '' ? 0 : readCursor(cursor);
    expect(response.status).toBe(after === undefined ? 400 : 200);
    if (after === undefined) {
      expect(response.body).toContain('"affected_query_parameter":"cursor: string"');
      return;
    }
    // Any cursor leads through the user's own jobs only.
    const { jobs } = json<{ jobs: { job_id: number; job_name: string }[] }>(response);
    for (const { job_name } of jobs) real.countSeen(userId, job_name);
    const expected = [...(model.jobs.get(userId) ?? new Map<number, ModelJob>())]
      .filter(([jobId]) => jobId > after)
      .sort(([one], [other]) => one - other);
    expect(jobs.map(({ job_id, job_name }) => [job_id, job_name])).toEqual(
      expected.map(([jobId, { jobName }]) => [jobId, jobName]),
    );
  },
  toString: () => `listFrom(${JSON.stringify([userId, pick, description])})`,
});

const get = (userId: string, jobId: string, withFiles: boolean): IsolationCommand => ({
  check: () => true,
  run: async (model, real) => {
    const response = await real.send(
      userId,
      'GET',
      `/get?${query({ 'job-id': jobId, ...(withFiles && { include: 'object-urls' }) })}`,
    );
    const job = isJobId(jobId) ? model.jobs.get(userId)?.get(Number(jobId)) : undefined;
    expect(response.status).toBe(!isJobId(jobId) ? 400 : job ? 200 : 404);
    if (!job) return;
    const body = json<{
      job_info: { user_id: string; job_name: string };
      results: Record<string, { full: string; min: string }>;
      object_urls?: Record<string, string>;
    }>(response);
    real.countSeen(userId, body.job_info.job_name);
    expect(body.job_info).toMatchObject({ user_id: real.inRun(userId), job_name: job.jobName });
    const prefix = `${userId}/${jobId}/`;
    expect(Object.keys(body.results).sort()).toEqual(FINISHED.includes(job.status) ? [...job.files].sort() : []);
    for (const [file, { full, min }] of Object.entries(body.results)) {
      expect(await real.get(userId, full)).toBe(model.objects.get(`${prefix}results/${file}.json`));
      expect(await real.get(userId, min)).toBe(model.objects.get(`${prefix}results/${file}.min.json`));
    }
    for (const [file, url] of Object.entries(body.object_urls ?? {}))
      expect(await real.get(userId, url)).toBe(model.objects.get(prefix + file));
  },
  toString: () => `get(${JSON.stringify([userId, jobId, withFiles])})`,
});

const getObjectUrl = (userId: string, jobId: string, uuid: string): IsolationCommand => ({
  check: () => true,
  run: async (model, real) => {
    const response = await real.send(
      userId,
      'GET',
      `/get-object-url?${query({ 'job-id': jobId, 'object-uuid': uuid })}`,
    );
    const isValid = isJobId(jobId) && isObjectUuid(uuid);
    expect(response.status).toBe(isValid ? 200 : 400);
    if (isValid)
      expect(await real.get(userId, json<{ url: string }>(response).url)).toBe(
        model.objects.get(`${userId}/${jobId}/${uuid}`),
      );
  },
  toString: () => `getObjectUrl(${JSON.stringify([userId, jobId, uuid])})`,
});

const remove = (userId: string, jobId: string): IsolationCommand => ({
  check: () => true,
  run: async (model, real) => {
    const response = await real.send(userId, 'DELETE', `/delete?${query({ 'job-id': jobId })}`);
    expect(response.status).toBe(isJobId(jobId) ? 200 : 400);
    if (!isJobId(jobId)) return;
    model.jobs.get(userId)?.delete(Number(jobId));
    for (const key of model.objects.keys()) if (key.startsWith(`${userId}/${jobId}/`)) model.objects.delete(key);
  },
  toString: () => `delete(${JSON.stringify([userId, jobId])})`,
});

/** Names another user in every way except by a token. */
const pretend = (userId: string, victimId: string, jobId: string): IsolationCommand => ({
  check: () => true,
  run: async (model, real) => {
    const claims = claimsToBe(real.inRun(victimId));
    const response = await real.send(
      userId,
      'GET',
      `/get?${query({ 'job-id': jobId })}&${claims.query}`,
      claims.headers,
    );
    const job = model.jobs.get(userId)?.get(Number(jobId));
    expect(response.status).toBe(job ? 200 : 404);
    if (!job) return;
    const { job_name, user_id } = json<{ job_info: { job_name: string; user_id: string } }>(response).job_info;
    real.countSeen(userId, job_name);
    expect([user_id, job_name]).toEqual([real.inRun(userId), job.jobName]);
  },
  toString: () => `pretend(${JSON.stringify([userId, victimId, jobId])})`,
});

/** Names more than one job at once. */
const confuse = (userId: string, method: string, route: string, ambiguous: string): IsolationCommand => ({
  check: () => true,
  run: async (_model, real) => {
    expect((await real.send(userId, method, `${route}?${ambiguous}&object-uuid=1.png`)).status).toBe(400);
  },
  toString: () => `confuse(${JSON.stringify([userId, method, route, ambiguous])})`,
});

/** Sends a token that is valid except for its user id. */
const intrude = (userId: string, method: string, target: string): IsolationCommand => ({
  check: () => true,
  run: async (_model, real) => {
    expect((await real.sendAs(userId, method, target)).status).toBe(401);
  },
  toString: () => `intrude(${JSON.stringify([userId, method, target])})`,
});

/** Everything that users do, as steps of a run. */
export const commands = [
  fc
    .tuple(
      userIds,
      fc.constantFrom(1, 2, 3, 10),
      fc.constantFrom('queued', 'pending', ...FINISHED),
      fc.subarray(FILES, { minLength: 1, maxLength: 3 }),
      fc.nat(),
    )
    .map((parameters) => store(...parameters)),
  fc
    .tuple(
      userIds,
      fc.record(
        {
          order: fc.constantFrom('asc', 'desc'),
          status: fc.constantFrom('success', 'queued'),
          limit: fc.constantFrom('1', '2', '3', '1000'),
        },
        { requiredKeys: [] },
      ),
    )
    .map((parameters) => list(...parameters)),
  fc.tuple(userIds, fc.nat()).map(([userId, pick]) => listFrom(userId, pick, (given) => given, 'as it is')),
  fc
    .tuple(userIds, fc.nat(), fc.nat(), fc.constantFrom('A', 'z', '_', '=', '%', '\u0000', '../'))
    .map(([userId, pick, position, replacement]) => {
      const forge = (given: string) => {
        const at = position % given.length;
        return given.slice(0, at) + replacement + given.slice(at + replacement.length);
      };
      return listFrom(userId, pick, forge, `${replacement} at ${position}`);
    }),
  fc
    .tuple(
      userIds,
      fc.constantFrom('1', '0', '2'),
      fc.constantFrom('asc', 'desc', ''),
      fc.constantFrom('', 'queued'),
      jobIds,
    )
    .map(([userId, ...parts]) =>
      listFrom(userId, 0, () => Buffer.from(parts.join('.')).toString('base64url'), `of ${parts.join('.')}`),
    ),
  fc.tuple(userIds, jobIds, fc.boolean()).map((parameters) => get(...parameters)),
  fc.tuple(userIds, jobIds, uuids).map((parameters) => getObjectUrl(...parameters)),
  fc.tuple(userIds, jobIds).map((parameters) => remove(...parameters)),
  fc.tuple(userIds, userIds, fc.constantFrom('1', '2', '3')).map((parameters) => pretend(...parameters)),
  fc
    .tuple(
      userIds,
      fc.constantFrom(['GET', '/get'] as const, ['GET', '/get-object-url'] as const, ['DELETE', '/delete'] as const),
      fc.constantFrom(...AMBIGUOUS),
    )
    .map(([userId, [method, route], ambiguous]) => confuse(userId, method, route, ambiguous)),
  fc
    .tuple(
      fc.constantFrom(...INVALID_USER_IDS),
      fc.constantFrom(
        ['GET', '/list'] as const,
        ['GET', '/get?job-id=1'] as const,
        ['GET', '/get-object-url?job-id=1&object-uuid=1.png'] as const,
        ['DELETE', '/delete?job-id=1'] as const,
      ),
    )
    .map(([userId, [method, target]]) => intrude(userId, method, target)),
];
