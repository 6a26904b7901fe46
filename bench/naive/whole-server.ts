/** Our service with a `get` that makes its whole body before it sends anything. Streaming is compared with it. */
import { createContainer, readAwsConfig, SERVICES } from '@jobs-api/adapters-aws';
import type { Jobs } from '@jobs-api/core';
import { readHttpConfig, startService } from '@jobs-api/http-express';

const { config: awsConfig } = readAwsConfig(process.env);
const { config } = readHttpConfig(process.env);
if (!awsConfig || !config) throw new Error('the configuration is incomplete');
const container = createContainer(awsConfig);
const jobs = container.get(SERVICES.jobs);

const streamJob: Jobs['streamJob'] = async (...parameters) => {
  const { results, ...rest } = await jobs.getJob(...parameters);
  return { ...rest, objectUrls: undefined, results: inOneBatch(Object.entries(results)) };
};

async function* inOneBatch(links: readonly unknown[]) {
  yield links as never;
}

await startService({ jobs: { ...jobs, streamJob }, authenticator: container.get(SERVICES.authenticator), config });
