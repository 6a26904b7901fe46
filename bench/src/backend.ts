// What the services under measurement talk to, in a process of its own so that its work is not counted as theirs: the
// local stack, and a table of generated jobs for the sizes that would take minutes to write. Ends with its parent.
import { jobsTable } from '@jobs-api/adapters-aws';
import { startLocalStack } from '@jobs-api/local';
import { startGeneratedTable } from './generated-table.ts';

const [stack, generatedTable] = await Promise.all([
  startLocalStack({ table: jobsTable('jobs') }),
  startGeneratedTable(),
]);
process.send?.({ env: stack.env, generatedTable });
process.on('disconnect', () => process.exit());
