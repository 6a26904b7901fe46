// The backend of the measured services: the local stack, and a table of generated jobs, for sizes that would take minutes
// to write. It is a separate process, so that its CPU time is not counted as that of a service. It ends with its parent.
import { jobsTable } from '@jobs-api/adapters-aws';
import { startLocalStack } from '@jobs-api/local';
import { startGeneratedTable } from './generated-table.ts';

const [stack, generatedTable] = await Promise.all([
  startLocalStack({ table: jobsTable('jobs') }),
  startGeneratedTable(),
]);
process.send?.({ env: stack.env, generatedTable });
process.on('disconnect', () => process.exit());
