// The nightly run: prints a report for each user id in the arguments, from the table and the bucket of the environment.
import { createContainer, readAwsConfig, SERVICES } from '@jobs-api/adapters-aws';
import { parseUserId } from '@jobs-api/core';
import { reportFor } from './report.ts';

const { config, problems } = readAwsConfig(process.env, { tokens: false });
if (problems) throw new Error(problems.join('\n'));
const jobs = createContainer(config).get(SERVICES.jobs);

for (const id of process.argv.slice(2)) process.stdout.write(await reportFor(jobs, parseUserId(id)));
