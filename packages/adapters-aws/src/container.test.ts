import { expect, test } from '@jest/globals';
import { parseJobId, parseUserId } from '@jobs-api/core';
import { startLocalStack } from '@jobs-api/local';
import { readAwsConfig } from './config.ts';
import { createContainer, SERVICES } from './container.ts';
import { jobsTable } from './dynamodb/jobs-table.ts';

test('the container returns the use cases and the authenticator, each created once, on AWS', async () => {
  const stack = await startLocalStack({ table: jobsTable('jobs') });
  const environment = process.env;
  process.env = { ...environment, ...stack.env };
  try {
    const { config, problems } = readAwsConfig(stack.env);
    expect(problems).toBeUndefined();
    if (!config) return;
    const warnings: string[] = [];
    const container = createContainer(config, { onWarning: (message) => warnings.push(message) });
    const jobs = container.get(SERVICES.jobs);
    expect(container.get(SERVICES.jobs)).toBe(jobs);

    const authenticator = container.get(SERVICES.authenticator);
    const userId = await authenticator.authenticate(await stack.tokenIssuer.issueToken('alice'));
    expect(userId).toBe('alice');
    await stack.table.put({ userId: 'alice', jobId: 1, status: 'queued' });
    expect((await jobs.listJobs(userId)).jobs).toMatchObject([{ jobId: 1, status: { code: 'queued' } }]);
    await jobs.deleteJob(parseUserId('alice'), parseJobId(1));
    expect((await jobs.listJobs(userId)).jobs).toEqual([]);

    const checks = container.get(SERVICES.readinessChecks);
    expect(Object.keys(checks)).toEqual(['table', 'bucket', 'token keys']);
    await Promise.all(Object.values(checks).map((check) => check({})));
    expect(warnings).toEqual([]);
  } finally {
    process.env = environment;
    await stack.close();
  }
});

test('a container warns when its token keys cannot be fetched', async () => {
  const stack = await startLocalStack({ table: jobsTable('jobs') });
  await stack.close();
  const { config } = readAwsConfig(stack.env);
  if (!config) throw new Error('the environment of the local stack is a configuration');
  const warnings: string[] = [];
  const container = createContainer(config, { onWarning: (message) => warnings.push(message) });
  await expect(container.get(SERVICES.readinessChecks)['token keys']?.({})).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  expect(warnings).toEqual(['the token keys could not be fetched']);
});
