import { jobsTable } from '@jobs-api/adapters-aws';
import { startLocalStack, type LocalStack } from '@jobs-api/local';

/** Starts the stand-ins with the table of jobs that the adapters define, in memory or kept in a folder. */
export const startStack = (options: { readonly directory?: string } = {}): Promise<LocalStack> =>
  startLocalStack({ table: jobsTable('jobs'), ...options });
