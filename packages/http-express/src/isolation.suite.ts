import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { download, startLocalStack, startService } from '@jobs-api/local';
import type { LocalStack } from '@jobs-api/local';
import fc from 'fast-check';
import { overSocket } from './testing/contracts.ts';
import type { HttpAnswer } from './testing/contracts.ts';

/** What ships: `pnpm test` bundles before it tests. */
const BUNDLE = fileURLToPath(new URL('../dist/server.js', import.meta.url));

interface ModelJob {
  readonly jobName: string;
  readonly status: string;
  readonly files: readonly string[];
}

/** All that should be there. */
interface Model {
  /** By user, by the number of the job. */
  readonly jobs: Map<string, Map<number, ModelJob>>;
  /** By key: contents that no two objects share. */
  readonly objects: Map<string, string>;
}

/** The service and its world, as the users of one run see them. */
interface Real {
  readonly nameOf: (user: string) => string;
  readonly ask: (user: string, method: string, target: string) => Promise<HttpAnswer>;
  readonly putJob: (user: string, jobId: number, job: ModelJob) => Promise<void>;
  readonly putObject: (key: string, content: string) => Promise<void>;
  /** What a URL leads to, `undefined` where it leads to nothing. */
  readonly get: (url: string) => Promise<string | undefined>;
  /** The cursors that anybody was given. */
  readonly cursors: string[];
}

type Command = fc.AsyncCommand<Model, Real>;

const BASE = '/api/v1/jobs';
const JOB_ID = /^[1-9][0-9]*$/;
const OBJECT_UUID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;
const FINISHED = ['success', 'success_credits_restored', 'success_credits_not_restored'];

/** Names of users that look alike, or like the beginning of one another, or like a part of a key. */
const USERS = ['a', 'A', 'a.', 'a1', 'a%2F1', '\uff41', 'a\u0301', '\u00e1'];
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
  ...['\uff11', '\u0661', '1\u200b', '\u{1f600}', 'x'.repeat(2_000), '9'.repeat(400), '', ' ', '0', '-1', '1e1', '01'],
];
const jobIds = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('1', '2', '3', '10') },
  { weight: 1, arbitrary: fc.constantFrom(...HOSTILE) },
);
const uuids = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...FILES) },
  { weight: 1, arbitrary: fc.constantFrom(...HOSTILE) },
);
const users = fc.constantFrom(...USERS);

const isJobId = (text: string) => JOB_ID.test(text) && Number.isSafeInteger(Number(text));
const isObjectUuid = (text: string) => OBJECT_UUID.test(text);
const query = (parameters: Readonly<Record<string, string>>) => new URLSearchParams(parameters).toString();
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a cast that says what it reads
const json = <Body>({ body }: HttpAnswer) => JSON.parse(body) as Body;

/** Stores a job, or more of one, as the uploader and the processor do. */
const store = (user: string, jobId: number, status: string, added: readonly string[], marker: number): Command => ({
  check: () => true,
  run: async (model, real) => {
    const jobs = model.jobs.get(user) ?? new Map<number, ModelJob>();
    const files = [...new Set([...(jobs.get(jobId)?.files ?? []), ...added])];
    const job = { jobName: `${user} ${jobId} ${marker}`, status, files };
    model.jobs.set(user, jobs.set(jobId, job));
    await real.putJob(user, jobId, job);
    const results = FINISHED.includes(status)
      ? files.flatMap((file) => [`results/${file}.json`, `results/${file}.min.json`])
      : [];
    for (const name of [...added, ...results]) {
      const key = `${user}/${jobId}/${name}`;
      model.objects.set(key, `${key} ${marker}`);
      await real.putObject(key, `${key} ${marker}`);
    }
  },
  toString: () => `store(${JSON.stringify([user, jobId, status, added, marker])})`,
});

const list = (user: string, parameters: Readonly<Record<string, string>>): Command => ({
  check: () => true,
  run: async (model, real) => {
    const { order = 'asc', status } = parameters;
    const expected = [...(model.jobs.get(user) ?? new Map<number, ModelJob>())]
      .filter(([, job]) => status === undefined || job.status === status)
      .sort(([one], [other]) => (order === 'asc' ? one - other : other - one))
      .map(([jobId, { jobName }]) => [jobId, jobName]);
    const found: unknown[] = [];
    let cursor: string | undefined;
    do {
      const answer = await real.ask(user, 'GET', `/list?${query({ ...parameters, ...(cursor && { cursor }) })}`);
      expect(answer.status).toBe(200);
      const page = json<{ jobs: { job_id: number; job_name: string }[]; next_cursor?: string }>(answer);
      found.push(...page.jobs.map(({ job_id, job_name }) => [job_id, job_name]));
      cursor = page.next_cursor;
      if (cursor !== undefined) real.cursors.push(cursor);
    } while (cursor !== undefined);
    expect(found).toEqual(expected);
  },
  toString: () => `list(${JSON.stringify([user, parameters])})`,
});

/** Goes on in a list where somebody else stopped, or where nobody did. */
const listFrom = (user: string, pick: number, position: number, replacement: string): Command => ({
  check: () => true,
  run: async (model, real) => {
    const given = real.cursors[pick % Math.max(real.cursors.length, 1)] ?? 'MS5hc2MuLjE';
    const at = position % given.length;
    const cursor = given.slice(0, at) + replacement + given.slice(at + replacement.length);
    const answer = await real.ask(user, 'GET', `/list?${query({ cursor })}`);
    // Wherever it leads, it leads through the user's own jobs.
    if (answer.status === 200) {
      const jobs = model.jobs.get(user) ?? new Map<number, ModelJob>();
      for (const { job_id, job_name } of json<{ jobs: { job_id: number; job_name: string }[] }>(answer).jobs)
        expect(job_name).toBe(jobs.get(job_id)?.jobName);
    } else {
      expect(answer.status).toBe(400);
      expect(answer.body).toContain('"affected_query_parameter":"cursor: string"');
    }
  },
  toString: () => `listFrom(${JSON.stringify([user, pick, position, replacement])})`,
});

const get = (user: string, jobId: string, withFiles: boolean): Command => ({
  check: () => true,
  run: async (model, real) => {
    const answer = await real.ask(
      user,
      'GET',
      `/get?${query({ 'job-id': jobId, ...(withFiles && { include: 'object-urls' }) })}`,
    );
    const job = isJobId(jobId) ? model.jobs.get(user)?.get(Number(jobId)) : undefined;
    expect(answer.status).toBe(!isJobId(jobId) ? 400 : job ? 200 : 404);
    if (!job) return;
    const body = json<{
      job_info: { user_id: string; job_name: string };
      results: Record<string, { full: string; min: string }>;
      object_urls?: Record<string, string>;
    }>(answer);
    expect(body.job_info).toMatchObject({ user_id: real.nameOf(user), job_name: job.jobName });
    const prefix = `${user}/${jobId}/`;
    expect(Object.keys(body.results).sort()).toEqual(FINISHED.includes(job.status) ? [...job.files].sort() : []);
    for (const [file, { full, min }] of Object.entries(body.results)) {
      expect(await real.get(full)).toBe(model.objects.get(`${prefix}results/${file}.json`));
      expect(await real.get(min)).toBe(model.objects.get(`${prefix}results/${file}.min.json`));
    }
    for (const [file, url] of Object.entries(body.object_urls ?? {}))
      expect(await real.get(url)).toBe(model.objects.get(prefix + file));
  },
  toString: () => `get(${JSON.stringify([user, jobId, withFiles])})`,
});

const getObjectUrl = (user: string, jobId: string, uuid: string): Command => ({
  check: () => true,
  run: async (model, real) => {
    const answer = await real.ask(user, 'GET', `/get-object-url?${query({ 'job-id': jobId, 'object-uuid': uuid })}`);
    const isValid = isJobId(jobId) && isObjectUuid(uuid);
    expect(answer.status).toBe(isValid ? 200 : 400);
    if (isValid)
      expect(await real.get(json<{ url: string }>(answer).url)).toBe(model.objects.get(`${user}/${jobId}/${uuid}`));
  },
  toString: () => `getObjectUrl(${JSON.stringify([user, jobId, uuid])})`,
});

const remove = (user: string, jobId: string): Command => ({
  check: () => true,
  run: async (model, real) => {
    const answer = await real.ask(user, 'DELETE', `/delete?${query({ 'job-id': jobId })}`);
    expect(answer.status).toBe(isJobId(jobId) ? 200 : 400);
    if (!isJobId(jobId)) return;
    model.jobs.get(user)?.delete(Number(jobId));
    for (const key of model.objects.keys()) if (key.startsWith(`${user}/${jobId}/`)) model.objects.delete(key);
  },
  toString: () => `delete(${JSON.stringify([user, jobId])})`,
});

const commands = [
  fc
    .tuple(
      users,
      fc.constantFrom(1, 2, 3, 10),
      fc.constantFrom('queued', 'pending', ...FINISHED),
      fc.subarray(FILES, { minLength: 1 }),
      fc.nat(),
    )
    .map((parameters) => store(...parameters)),
  fc
    .tuple(
      users,
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
  fc
    .tuple(users, fc.nat(), fc.nat(), fc.constantFrom('', 'A', 'z', '_', '='))
    .map((parameters) => listFrom(...parameters)),
  fc.tuple(users, jobIds, fc.boolean()).map((parameters) => get(...parameters)),
  fc.tuple(users, jobIds, uuids).map((parameters) => getObjectUrl(...parameters)),
  fc.tuple(users, jobIds).map((parameters) => remove(...parameters)),
];

/** Each run has users of its own, so that none has to begin with cleaning up after the one before. */
const runOnce = async (
  stack: LocalStack,
  steps: Iterable<Command>,
  run: number,
  send: (target: string, method: string, token: string) => Promise<HttpAnswer>,
): Promise<void> => {
  const nameOf = (user: string) => `${run}${user}`;
  const tokens = new Map(
    await Promise.all(USERS.map(async (user) => [user, await stack.tokenIssuer.issueToken(nameOf(user))] as const)),
  );
  const model: Model = { jobs: new Map(), objects: new Map() };
  const real: Real = {
    nameOf,
    ask: (user, method, target) => send(BASE + target, method, tokens.get(user) ?? ''),
    putJob: (user, jobId, { jobName, status, files }) => {
      const objectUuidNames = Object.fromEntries(files.map((file) => [file, file]));
      return stack.table.put({ userId: nameOf(user), jobId, jobName, status, objectUuidNames });
    },
    putObject: (key, content) => stack.bucket.put(nameOf(key), content),
    get: async (url) => (await download(url))?.body,
    cursors: [],
  };
  await fc.asyncModelRun(() => ({ model, real }), steps);

  for (const user of USERS) {
    const expected = [...(model.jobs.get(user) ?? new Map<number, ModelJob>())].map(([jobId, job]) => [
      jobId,
      job.jobName,
    ]);
    expect(await stack.table.jobNames(nameOf(user))).toEqual(
      expected.sort(([one], [other]) => Number(one) - Number(other)),
    );
  }
  const keys = [...model.objects.keys()].map((key) => `version ${nameOf(key)}`);
  const stored = await Promise.all(USERS.map((user) => stack.bucket.contents(`${nameOf(user)}/`)));
  expect(stored.flat().sort()).toEqual(keys.sort());
};

/**
 * Lets users whose jobs have the same numbers ask for anything, in any order, with parameters that are good, wrong or
 * hostile. Holds every answer, what every link leads to, and in the end all that is stored, to a model of what each may
 * see.
 *
 * @returns how many requests were answered, no fewer than asked for
 */
export const checkIsolation = async (requests: number): Promise<number> => {
  const stack = await startLocalStack();
  const service = await startService(BUNDLE, { ...stack.env, LOG_LEVEL: 'warn' });
  const ask = overSocket(service.origin);
  let answered = 0;
  let run = 0;
  const send = async (path: string, method: string, token: string) => {
    answered++;
    return ask({ method, path, headers: [['Authorization', token]] });
  };
  try {
    while (answered < requests)
      await fc.assert(
        fc.asyncProperty(fc.commands(commands, { size: '+1' }), (steps) => runOnce(stack, steps, ++run, send)),
        { numRuns: 5 },
      );
    // What was refused was refused for a reason: nothing went wrong on the way.
    expect(service.log.filter((line) => !line.includes('"msg":"listening"'))).toEqual([]);
  } finally {
    service.kill('SIGKILL');
    await service.exitCode;
    await stack.close();
  }
  return answered;
};
