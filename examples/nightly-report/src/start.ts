// `pnpm start`: the report on a local stack with sample jobs, so that it runs without AWS.
import { jobsTable } from '@jobs-api/adapters-aws';
import { makeSampleJobs, SAMPLE_USERS } from '@jobs-api/dev';
import { startLocalStack } from '@jobs-api/local';

// The process must not reach any other AWS than the local stack.
const others = Object.entries(process.env).filter(([name]) => !/^(AWS|JOBS|S3)_/.test(name));
process.env = { ...Object.fromEntries(others), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

const stack = await startLocalStack({ table: jobsTable('jobs') });
await makeSampleJobs(stack);
Object.assign(process.env, stack.env);
process.argv.splice(2, Infinity, ...SAMPLE_USERS);
await import('./main.ts');
await stack.close();
