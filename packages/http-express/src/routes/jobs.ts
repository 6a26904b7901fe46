import type { Authenticator, Job, Jobs, JobSummary, ListOptions, UserId } from '@jobs-api/core';
import { Router } from 'express';
import { authenticate } from '../authenticate.ts';
import { methodNotAllowed } from '../error-response.ts';
import type { Handler } from '../handler.ts';
import { jobIdOf, objectUuidOf } from '../parameters.ts';

const BASE_PATH = '/api/v1/jobs';

/** What a route's work has to go by: who asks, what for, and until when. */
interface Call {
  readonly user: UserId;
  readonly query: URLSearchParams;
  readonly options: ListOptions;
}

/** The four routes of the Jobs API. A route is found first, then the user, then the parameters; work comes last. */
export const jobsRoutes = (jobs: Jobs, authenticator: Authenticator): Router => {
  const answer =
    (work: (call: Call) => Promise<object>): Handler =>
    async (req, res) => {
      const { signal } = res.locals;
      const user = await authenticate(authenticator, req, { signal });
      res.locals.userId = user;
      const onUnreadable: ListOptions['onUnreadable'] = (error) => (res.locals.unreadable ??= []).push(error);
      res.json(await work({ user, query: req.query, options: { signal, onUnreadable } }));
    };

  const router = Router({ caseSensitive: true, strict: true });
  const get = (path: string, work: (call: Call) => Promise<object>) =>
    router
      .route(BASE_PATH + path)
      .get(answer(work))
      .all(methodNotAllowed('GET, HEAD'));

  get('/list', async ({ user, options }) => ({ jobs: (await jobs.listJobs(user, options)).map(summaryBody) }));

  get('/get', async ({ user, query, options }) => {
    const { job, results } = await jobs.getJob(user, jobIdOf(query), options);
    return { job_info: jobBody(job), results };
  });

  get('/get-object-url', async ({ user, query, options }) => ({
    url: await jobs.getObjectUrl(user, jobIdOf(query), objectUuidOf(query), options),
  }));

  router
    .route(`${BASE_PATH}/delete`)
    .delete(
      answer(async ({ user, query, options }) => {
        await jobs.deleteJob(user, jobIdOf(query), options);
        return { message: 'Ok' };
      }),
    )
    .all(methodNotAllowed('DELETE'));

  return router;
};

const summaryBody = ({ jobId, jobName, date, totalSize, creditsSpent, status }: JobSummary) => ({
  job_id: jobId,
  job_name: jobName,
  date,
  total_size: totalSize,
  credits_spent: creditsSpent,
  status: status.code,
  status_meaning: status.meaning,
});

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
});
