import { expect, test } from '@jest/globals';
import { createAwsClients, requestLimits } from './aws-clients.ts';
import { readAwsConfig } from './config.ts';

test.each([
  [1, 4_000],
  [10, 4_000],
  [15, 6_000],
  [60, 24_000],
])('an attempt of a call may take 40 %% of %i s, and at least 4 s', (seconds, ms) => {
  expect(requestLimits(seconds)).toMatchObject({ requestTimeout: ms, socketTimeout: ms });
});

const configOf = (env: Readonly<Record<string, string>>) => {
  const { config } = readAwsConfig({ JOBS_TABLE: 'jobs', JOBS_BUCKET: 'files', ...env }, { tokens: false });
  if (!config) throw new Error('the configuration is invalid');
  return config;
};

test('links are signed by the S3 client itself if there is no public endpoint', () => {
  const { s3, presigning } = createAwsClients(configOf({}));
  expect(presigning).toBe(s3);
});

test('a proxy is read from the environment if NODE_USE_ENV_PROXY is 1', () => {
  const proxy = { HTTPS_PROXY: 'http://proxy:3128', no_proxy: 'localhost' };
  expect(configOf(proxy).proxyEnv).toBeUndefined();
  expect(configOf({ ...proxy, NODE_USE_ENV_PROXY: '0' }).proxyEnv).toBeUndefined();
  expect(configOf({ ...proxy, NODE_USE_ENV_PROXY: '1' }).proxyEnv).toEqual(proxy);
});
