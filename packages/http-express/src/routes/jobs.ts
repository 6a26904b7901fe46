import type { DeleteProgress, DeleteReceipt, Job, Jobs, JobSummary, LinkBatch, StreamedJob } from '@jobs-api/core';
import type { Express } from 'express';
import { encodeCursor } from '../request/cursor.ts';
import {
  downloadAsOf,
  expiresInOf,
  includes,
  isOnlyIfFinished,
  jobIdOf,
  listQueryOf,
  objectUuidOf,
  resultOf,
} from '../request/parameters.ts';
import { workHandler, type WorkHandlerOptions } from './work-handler.ts';
import { methodNotAllowed } from '../response/errors.ts';
import type { StreamedBody } from '../response/large-responses.ts';

const BASE_PATH = '/api/v1/jobs';

export interface JobsRoutesOptions extends WorkHandlerOptions {
  readonly jobs: Jobs;
}

/** Adds the four routes of the Jobs API. A route is found first, then the user, then the parameters; work comes last. */
export const addJobsRoutes = (app: Express, { jobs, ...options }: JobsRoutesOptions): void => {
  const handle = workHandler(options);

  const list = handle((query) => {
    const listQuery = listQueryOf(query);
    return async ({ userId, options, halfTime }) => {
      const page = await jobs.listJobs(userId, { ...listQuery, pageEnd: halfTime() }, options);
      return listBody(page.jobs, page.next && encodeCursor(listQuery, page.next));
    };
  });

  const get = handle((query, locals) => {
    const jobId = (locals.jobId = jobIdOf(query));
    const expiresInSeconds = expiresInOf(query);
    const objectUrls = includes(query, 'object-urls');
    return async ({ userId, options }) =>
      getBody(await jobs.streamJob(userId, jobId, { ...options, objectUrls, expiresInSeconds }));
  });

  const getObjectUrl = handle((query, locals) => {
    const jobId = (locals.jobId = jobIdOf(query));
    const objectUuid = objectUuidOf(query);
    const linkOptions = {
      downloadAs: downloadAsOf(query),
      expiresInSeconds: expiresInOf(query),
      result: resultOf(query),
    };
    return async ({ userId, options }) => {
      const { url, expiresAt } = await jobs.getObjectUrl(userId, jobId, objectUuid, { ...options, ...linkOptions });
      return { url, expires_at: expiresAt.toISOString() };
    };
  });

  // A delete continues after its client has disconnected: half of a job is useless.
  const remove = handle(
    (query, locals) => {
      const jobId = (locals.jobId = jobIdOf(query));
      const includesReceipt = includes(query, 'receipt');
      const onlyIfFinished = isOnlyIfFinished(query);
      return async ({ userId, options }) => {
        locals.removed = { record: undefined, objects: 0, uploads: 0, bytes: 0 };
        const onProgress = (progress: DeleteProgress) => (locals.removed = progress);
        const receipt = await jobs.deleteJob(userId, jobId, { ...options, onlyIfFinished, onProgress });
        locals.removed = receipt;
        return { message: 'Ok', ...(includesReceipt && { receipt: receiptBody(receipt) }) };
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

/** Memory of a summary besides its texts, in bytes: about as much as the rest of its JSON. */
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
  finished: status.isFinished,
});

/** Memory of the uuid of an object, in bytes: links are made of it. */
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
  members(results, ({ full, min }) => `{"full":"${full}","min":"${min}"}`),
  expiresAt ? `},"results_expire_at":"${expiresAt.toISOString()}"` : '}',
  ...(objectUrls ? [',"object_urls":{', members(objectUrls, (url) => `"${url}"`), '}'] : []),
  '}',
];

/** Removes each part before it is read: a client may take minutes to read what follows. */
async function* inSequence(parts: (string | AsyncIterable<string>)[]): AsyncGenerator<string> {
  while (parts.length > 0) {
    if (typeof parts[0] === 'string') yield parts.shift() as string;
    else yield* parts.shift() as AsyncIterable<string>;
  }
}

/**
 * Yields the members of a JSON object. A uuid and a URL have no character that JSON escapes, so they are only quoted:
 * `JSON.stringify` of each link would take a quarter of the CPU of a response (`pnpm bench get-throughput`).
 */
async function* members<Link>(
  batches: AsyncIterable<LinkBatch<Link>>,
  toJson: (link: Link) => string,
): AsyncGenerator<string> {
  let separator = '';
  for await (const batch of batches) {
    // A separator in front of the joined text would cost one more copy of all links, a sixth of the CPU.
    yield batch.map(([uuid, link], index) => `${index === 0 ? separator : ','}"${uuid}":${toJson(link)}`).join('');
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
  finished: job.status.isFinished,
});

const receiptBody = ({ jobId, record, objects, uploads, bytes, verifiedAt }: DeleteReceipt) => ({
  job_id: jobId,
  record,
  objects,
  uploads,
  bytes,
  verified_at: verifiedAt.toISOString(),
});
