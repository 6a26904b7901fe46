// A function of its own that does on a schedule what `server.mjs --orphans` does. Its lines are in its log.
import { reportOrphans } from '@jobs-api/adapters-aws';

export const handler = async (): Promise<void> => {
  const { ORPHANS_OLDER_THAN: olderThan = '24h', ORPHANS_DELETE } = process.env;
  const options = { olderThan, isDelete: ORPHANS_DELETE === 'true' };
  if (!(await reportOrphans(process.env, options, process.stdout, process.stderr)))
    throw new Error('the search for orphans is incomplete: the lines before this one say why');
};
