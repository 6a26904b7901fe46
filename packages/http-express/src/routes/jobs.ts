import type { Authenticator, Job, Jobs, JobSummary, LinkBatch, ListOptions, StreamedJob, UserId } from '@jobs-api/core';
import type { Express } from 'express';
import type { AppHandler, RequestLocals } from '../handler.ts';
import { authenticate } from '../request/authenticate.ts';
import type { InFlight } from '../request/in-flight.ts';
import type { WorkContext } from '../request/lifecycle.ts';
import { UnreadableRecords } from '../request/unreadable-records.ts';
import { encodeCursor } from '../request/cursor.ts';
import { downloadAsOf, includesObjectUrls, jobIdOf, listQueryOf, objectUuidOf } from '../request/parameters.ts';
import { Turns } from '../request/turns.ts';
import { methodNotAllowed } from '../response/errors.ts';
import { sendJson } from '../response/json.ts';
import { LargeResponses, type StreamedBody } from '../response/large-responses.ts';

const BASE_PATH = '/api/v1/jobs';

/** What a use case is called with, besides the parameters of the request. */
interface Call {
  readonly user: UserId;
  readonly options: ListOptions;
  /** Returns a signal that aborts when half of the request's time is up. */
  readonly halfTime: () => AbortSignal;
}

/** Calls a use case and returns the body of the response: an object, or pieces if it may be large. */
type Work = (call: Call) => Promise<object | StreamedBody>;

export interface JobsRoutesOptions {
  readonly jobs: Jobs;
  readonly authenticator: Authenticator;
  readonly inFlight: InFlight;
  readonly requestTimeoutSeconds: () => number;
}

/** Adds the four routes of the Jobs API. A route is found first, then the user, then the parameters; work comes last. */
export const addJobsRoutes = (app: Express, options: JobsRoutesOptions): void => {
  const { jobs, authenticator, inFlight, requestTimeoutSeconds } = options;
  const turns = new Turns();
  const largeResponses = new LargeResponses();

  /** @param prepare reads the parameters, and returns the work to do with them */
  const handle =
    (prepare: (query: URLSearchParams, locals: RequestLocals) => Work, { outlivesClient = false } = {}): AppHandler =>
    async (req, res) => {
      const { locals } = res;
      const onUnreadable: ListOptions['onUnreadable'] = (error) => {
        locals.unreadable ??= new UnreadableRecords();
        locals.unreadable.add(error);
      };
      const authenticateAndWork = async ({ signal, halfTime }: WorkContext) => {
        const user = await authenticate(authenticator, req, { signal });
        locals.userId = user;
        const work = prepare(req.query, locals);
        const takeTurn = turns.forRequest(user);
        // Places are for work: a caller that waits for token keys takes none from a caller with a good token.
        const body = await inFlight.run(async () => {
          await takeTurn();
          signal.throwIfAborted();
          return work({ user, options: { signal, onUnreadable }, halfTime });
        });
        return { body, user, takeTurn };
      };
      const runOptions = { seconds: requestTimeoutSeconds(), outlivesClient };
      const { body, user, takeTurn } = await locals.lifecycle.run(authenticateAndWork, runOptions);
      if ('pieces' in body) await largeResponses.send(res, body, user, takeTurn);
      else sendJson(res, body);
    };

  const list = handle((query) => {
    const listQuery = listQueryOf(query);
    return async ({ user, options, halfTime }) => {
      const page = await jobs.listJobs(user, { ...listQuery, pageEnd: halfTime() }, options);
      return listBody(page.jobs, page.next && encodeCursor({ ...listQuery, after: page.next }));
    };
  });

  const get = handle((query, locals) => {
    const jobId = (locals.jobId = jobIdOf(query));
    const objectUrls = includesObjectUrls(query);
    return async ({ user, options }) => getBody(await jobs.streamJob(user, jobId, { ...options, objectUrls }));
  });

  const getObjectUrl = handle((query, locals) => {
    const jobId = (locals.jobId = jobIdOf(query));
    const [object, downloadAs] = [objectUuidOf(query), downloadAsOf(query)];
    return async ({ user, options }) => {
      const { url, expiresAt } = await jobs.getObjectUrl(user, jobId, object, { ...options, downloadAs });
      return { url, expires_at: expiresAt.toISOString() };
    };
  });

  // A delete continues after its client has disconnected: half of a job is of no use to anyone.
  const remove = handle(
    (query, locals) => {
      const jobId = (locals.jobId = jobIdOf(query));
      return async ({ user, options }) => {
        await jobs.deleteJob(user, jobId, options);
        return { message: 'Ok' };
      };
    },
    { outlivesClient: true },
  );

  const route = (path: string) => app.route(BASE_PATH + path);
  route('/list').get(list).all(methodNotAllowed('GET, HEAD'));
  route('/get').get(get).all(methodNotAllowed('GET, HEAD'));
  route('/get-object-url').get(getObjectUrl).all(methodNotAllowed('GET, HEAD'));
  route('/delete').delete(remove).all(methodNotAllowed('DELETE'));
};

/** What a summary takes in memory besides its texts, in bytes: about as much as the rest of its JSON. */
const SUMMARY_BYTES = 200;
/** Jobs whose JSON is made together: a few KB, unless their texts are long. */
const BYTES_PER_PIECE = 16 * 1024;

const sizeOf = ({ jobName, date, status }: JobSummary): number =>
  SUMMARY_BYTES + (jobName?.length ?? 0) + (date?.length ?? 0) + status.code.length;

const listBody = (jobs: readonly JobSummary[], nextCursor: string | undefined): StreamedBody => ({
  pieces: listPieces(jobs, nextCursor),
  heldBytes: jobs.reduce((bytes, job) => bytes + sizeOf(job), 0),
});

async function* listPieces(jobs: readonly JobSummary[], nextCursor: string | undefined): AsyncGenerator<string> {
  yield '{"jobs":[';
  let separator = '';
  for (const group of inGroups(jobs)) {
    yield separator + JSON.stringify(group.map(summaryBody)).slice(1, -1);
    separator = ',';
  }
  yield nextCursor === undefined ? ']}' : `],"next_cursor":${JSON.stringify(nextCursor)}}`;
}

/** Groups jobs by size, since one of them may be larger than a hundred others. */
function* inGroups(jobs: readonly JobSummary[]): Generator<readonly JobSummary[]> {
  let [start, bytes] = [0, 0];
  for (const [index, job] of jobs.entries()) {
    bytes += sizeOf(job);
    if (bytes < BYTES_PER_PIECE && index < jobs.length - 1) continue;
    yield jobs.slice(start, index + 1);
    [start, bytes] = [index + 1, 0];
  }
}

const summaryBody = ({ jobId, jobName, date, totalSize, creditsSpent, status }: JobSummary) => ({
  job_id: jobId,
  job_name: jobName,
  date,
  total_size: totalSize,
  credits_spent: creditsSpent,
  status: status.code,
  status_meaning: status.meaning,
  progress_percent: status.progressPercent, // left out of the JSON if there is none
});

/** What the uuid of an object takes in memory, in bytes: links are made of it. */
const OBJECT_BYTES = 64;

const getBody = ({ job, ...links }: StreamedJob): StreamedBody => {
  // The job is not kept: its JSON takes a tenth of the memory.
  const jobInfo = JSON.stringify(jobBody(job));
  const heldBytes = jobInfo.length + OBJECT_BYTES * Object.keys(job.objectUuidNames).length;
  return { pieces: inSequence(getParts(jobInfo, links)), heldBytes };
};

const getParts = (
  jobInfo: string,
  { results, objectUrls, expiresAt }: Omit<StreamedJob, 'job'>,
): (string | AsyncIterable<string>)[] => [
  `{"job_info":${jobInfo},"results":{`,
  members(results),
  expiresAt ? `},"results_expire_at":"${expiresAt.toISOString()}"` : '}',
  ...(objectUrls ? [',"object_urls":{', members(objectUrls), '}'] : []),
  '}',
];

/** Removes each part before it is read: a client may take minutes to read what follows. */
async function* inSequence(parts: (string | AsyncIterable<string>)[]): AsyncGenerator<string> {
  while (parts.length > 0) {
    if (typeof parts[0] === 'string') yield parts.shift() as string;
    else yield* parts.shift() as AsyncIterable<string>;
  }
}

async function* members(batches: AsyncIterable<LinkBatch<unknown>>): AsyncGenerator<string> {
  let separator = '';
  for await (const batch of batches) {
    yield separator + batch.map(([object, link]) => `${JSON.stringify(object)}:${JSON.stringify(link)}`).join();
    separator = ',';
  }
}

const jobBody = (job: Job) => ({
  user_id: job.userId,
  job_id: job.jobId,
  job_name: job.jobName,
  date: job.date,
  total_size: job.totalSize,
  credits_spent: job.creditsSpent,
  email: job.email,
  object_uuid_names: job.objectUuidNames,
  media_length: job.mediaLength,
  failed_to_process: job.failedToProcess,
  status: job.status.code,
  progress_percent: job.status.progressPercent,
});
