// `pnpm dev`: runs the service on a local stack with sample jobs, all in this process.
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { jobsTable } from '@jobs-api/adapters-aws';
import { makeJob, refuseForeignHosts, startLocalStack, type LocalStack } from '@jobs-api/local';
import { serveJobsPage } from './jobs-page.ts';
import { filesIn, makeSampleJobs, SAMPLE_USERS } from './sample-jobs.ts';

const USAGE = `Usage: pnpm dev [--import DIR] [--data DIR]
  --import DIR  make a job of the files in DIR
  --data DIR    keep everything in DIR between runs`;

const HOST = '127.0.0.1';
const [userId, otherUserId] = SAMPLE_USERS;

const fail = (problem: string): never => {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
};

const readArguments = () => {
  try {
    return parseArgs({ options: { import: { type: 'string' }, data: { type: 'string' } } }).values;
  } catch (error) {
    return fail(`${(error as Error).message}\n${USAGE}`);
  }
};

/** Returns the id of the new job. */
const importFolder = async (stack: LocalStack, directory: string): Promise<number> => {
  const files = await filesIn(directory).catch((error: unknown) =>
    fail(`--import ${directory}: ${(error as Error).message}`),
  );
  if (files.length === 0) fail(`--import ${directory}: there are no files in that folder`);
  const jobId = (await stack.table.lastJobId(userId)) + 1;
  await makeJob(stack, {
    userId,
    jobId,
    jobName: basename(directory),
    date: new Date(),
    status: 'success',
    files,
  });
  return jobId;
};

const describeStack = async (
  { tokenIssuer, bucket }: LocalStack,
  origin: string,
  importedJobId: number | undefined,
) => {
  const api = `${origin}/api/v1/jobs`;
  const jobId = importedJobId ?? 1;
  const [file] = (await bucket.contents(`${userId}/${jobId}/`)).map((line) => line.split('/').at(-1));
  const curl = (path: string, options = '') => `curl ${options}-H "Authorization: $TOKEN" "${api}${path}"`;
  return [
    `\nThe Jobs API is at ${origin}, with the jobs of ${SAMPLE_USERS.join(' and ')}.`,
    `To see them:  ${origin}/${importedJobId === undefined ? '' : `#/${userId}/${importedJobId}`}`,
    `To try it:    ${origin}/docs\n`,
    `A token of ${userId}, and what to do with it:\n`,
    `TOKEN=${await tokenIssuer.issueToken(userId)}\n`,
    curl('/list'),
    curl(`/get?job-id=${jobId}`),
    curl(`/get-object-url?job-id=${jobId}&object-uuid=${file}`),
    curl(`/delete?job-id=2`, '-X DELETE '),
    `TOKEN=$(curl -s "${tokenIssuer.issuer}/token?sub=${otherUserId}")`,
    '\nCtrl-C stops everything. The log of requests follows.\n',
  ].join('\n');
};

/** Runs the service in this process. */
const startService = async (stack: LocalStack): Promise<string> => {
  Object.assign(process.env, stack.env, { HOST });
  try {
    const { app, port, server } = await import('@jobs-api/service-entry');
    app.locals.docsToken = () => stack.tokenIssuer.issueToken(userId);
    serveJobsPage(server, {
      filesOrigin: stack.env.AWS_ENDPOINT_URL_S3,
      // The AWS CLI has another name for the region than the SDK.
      environment: { ...stack.env, AWS_DEFAULT_REGION: stack.env.AWS_REGION ?? '' },
      users: () =>
        Promise.all(SAMPLE_USERS.map(async (name) => ({ name, token: await stack.tokenIssuer.issueToken(name) }))),
    });
    refuseForeignHosts(server);
    // Everything is stored when it is acknowledged, so nothing has to be completed first.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.prependListener(signal, () => process.exit(0));
    return `http://${HOST}:${port}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return fail('The port is taken: choose another, such as PORT=3001');
  }
};

// This process must use no other AWS than the local stack.
const others = Object.entries(process.env).filter(([name]) => !/^(AWS|COGNITO|JWT|JOBS|S3)_/.test(name));
process.env = { ...Object.fromEntries(others), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

const { import: importDirectory, data } = readArguments();
const fromCaller = (directory: string) => resolve(process.env.INIT_CWD ?? '.', directory);
const kept = data === undefined ? {} : { directory: fromCaller(data) };
const stack = await startLocalStack({ table: jobsTable('jobs'), ...kept, corsOrigin: '*' });
if (stack.isNew) await makeSampleJobs(stack);
const importedJobId =
  importDirectory === undefined ? undefined : await importFolder(stack, fromCaller(importDirectory));
const origin = await startService(stack);
process.stdout.write(await describeStack(stack, origin, importedJobId));
