import { createJobsClient, type JobsClient } from '@jobs-api/client';
import { EXIT, Failure } from './exit-code.ts';

/** Client, signal and format of a command. */
export interface Session {
  readonly jobs: JobsClient['jobs'];
  /** Aborts when the user ends the program. */
  readonly signal: AbortSignal;
  /** JSON for programs in place of text for people. */
  readonly isJson: boolean;
}

/** @throws {Failure} if the address or the token is missing or malformed */
export const connect = (env: NodeJS.ProcessEnv): JobsClient['jobs'] => {
  const baseUrl = env.JOBS_URL?.trim() ?? '';
  const token = env.JOBS_TOKEN?.trim().replace(/^Bearer +/i, '') ?? '';
  if (baseUrl === '') throw new Failure('set JOBS_URL to the address of the service', EXIT.usage);
  if (!/^https?:$/.test(protocolOf(baseUrl)))
    throw new Failure('JOBS_URL must be an address such as https://jobs.example.com', EXIT.usage);
  if (token === '') throw new Failure('set JOBS_TOKEN to your token', EXIT.usage);
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Failure('JOBS_TOKEN is not a token: it has other characters', EXIT.usage);
  return createJobsClient({ baseUrl, token }).jobs;
};

const protocolOf = (url: string): string => {
  try {
    return new URL(url).protocol;
  } catch {
    return '';
  }
};
