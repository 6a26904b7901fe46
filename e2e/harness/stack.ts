import { jobsTable } from '@jobs-api/adapters-aws';
import type { HttpApiHarness } from '@jobs-api/http-express/testing/contracts';
import { download, startLocalStack, type LocalStack } from '@jobs-api/local';

/** Starts the stand-ins with the table of jobs that the adapters define, in memory or kept in a folder. */
export const startStack = (options: { readonly directory?: string } = {}): Promise<LocalStack> =>
  startLocalStack({ table: jobsTable('jobs'), ...options });

/** Returns what the contract suite of the HTTP API needs besides an entry point that runs on the stack. */
export const harnessOf = ({ table, bucket, tokenIssuer }: LocalStack): Omit<HttpApiHarness, 'send' | 'close'> => ({
  issueToken: (userId) => tokenIssuer.issueToken(userId),
  putJob: (record) => table.put(record),
  putUnreadableJob: (userId, jobId) => table.putUnreadable(userId, jobId),
  hasJob: (userId, jobId) => table.has(userId, jobId),
  putObject: (key, body) => bucket.put(key, body),
  contents: (prefix) => bucket.contents(prefix),
  get: download,
});
