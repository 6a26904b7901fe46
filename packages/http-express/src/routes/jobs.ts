import type { Authenticator, Job, Jobs, JobSummary, ListOptions, UserId } from '@jobs-api/core';
import type { Express } from 'express';
import { authenticate } from '../middleware/authenticate.ts';
import { methodNotAllowed } from '../response/errors.ts';
import type { Handler } from '../handler.ts';
import { encodeCursor } from '../request/cursor.ts';
import { sendJson } from '../response/json-response.ts';
import { downloadAsOf, includesObjectUrls, jobIdOf, listQueryOf, objectUuidOf } from '../request/parameters.ts';

const BASE_PATH = '/api/v1/jobs';

/** What a route's work has to go by: who asks, what for, and until when. */
interface Call {
  readonly user: UserId;
  readonly query: URLSearchParams;
  readonly options: ListOptions;
  /** A signal that aborts when half of the request's time is up. */
  readonly halfTime: () => AbortSignal;
}

/** Adds the four routes of the Jobs API. A route is found first, then the user, then the parameters; work comes last. */
export const addJobsRoutes = (app: Express, jobs: Jobs, authenticator: Authenticator): void => {
  const answer =
    (work: (call: Call) => Promise<object>): Handler =>
    async (req, res) => {
      const { signal, halfTime } = res.locals;
      const user = await authenticate(authenticator, req, { signal });
      res.locals.userId = user;
      const onUnreadable: ListOptions['onUnreadable'] = (error) => (res.locals.unreadable ??= []).push(error);
      sendJson(res, await work({ user, query: req.query, options: { signal, onUnreadable }, halfTime }));
    };

  const list = answer(async ({ user, query, options, halfTime }) => {
    const asked = listQueryOf(query);
    const page = await jobs.listJobs(user, { ...asked, pageEnd: halfTime() }, options);
    return {
      jobs: summaryBodies(page.jobs),
      ...(page.next && { next_cursor: encodeCursor({ ...asked, after: page.next }) }),
    };
  });

  const get = answer(async ({ user, query, options }) => {
    const jobId = jobIdOf(query);
    const objectUrls = includesObjectUrls(query);
    const { job, results, expiresAt, ...links } = await jobs.getJob(user, jobId, { ...options, objectUrls });
    return {
      job_info: jobBody(job),
      results,
      ...(expiresAt && { results_expire_at: expiresAt.toISOString() }),
      ...(links.objectUrls && { object_urls: links.objectUrls }),
    };
  });

  const getObjectUrl = answer(async ({ user, query, options }) => {
    const [jobId, object, downloadAs] = [jobIdOf(query), objectUuidOf(query), downloadAsOf(query)];
    const { url, expiresAt } = await jobs.getObjectUrl(user, jobId, object, { ...options, downloadAs });
    return { url, expires_at: expiresAt.toISOString() };
  });

  const remove = answer(async ({ user, query, options }) => {
    await jobs.deleteJob(user, jobIdOf(query), options);
    return { message: 'Ok' };
  });

  const route = (path: string) => app.route(BASE_PATH + path);
  route('/list').get(list).all(methodNotAllowed('GET, HEAD'));
  route('/get').get(get).all(methodNotAllowed('GET, HEAD'));
  route('/get-object-url').get(getObjectUrl).all(methodNotAllowed('GET, HEAD'));
  route('/delete').delete(remove).all(methodNotAllowed('DELETE'));
};

const summaryBody = ({ jobId, jobName, date, totalSize, creditsSpent, status }: JobSummary) => ({
  job_id: jobId,
  job_name: jobName,
  date,
  total_size: totalSize,
  credits_spent: creditsSpent,
  status: status.code,
  status_meaning: status.meaning,
  progress_percent: status.progressPercent, // left out of the JSON where there is none
});

/** One after the other, while they are written: thousands at once would be work for the garbage collector. */
function* summaryBodies(jobs: readonly JobSummary[]) {
  for (const job of jobs) yield summaryBody(job);
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
