import { EXIT } from './exit-code.ts';
import { date, print, printJson, size, statusOf, visible } from './output.ts';
import type { Session } from './session.ts';

export const showJob = async ({ jobs, signal, isJson }: Session, id: number): Promise<number> => {
  const body = await jobs.get(id, { signal });
  if (isJson) {
    printJson(body);
    return EXIT.ok;
  }
  const { job_info: job, results } = body;
  const facts = {
    Job: String(job.job_id),
    Name: visible(job.job_name ?? '-'),
    Status: statusOf(job),
    'Date (UTC)': date(job),
    Size: size(job.total_size),
    Credits: String(job.credits_spent),
  };
  for (const [name, value] of Object.entries(facts)) print(`${name.padEnd(12)}${value}`);
  const files = Object.entries(job.object_uuid_names);
  const width = Math.max(0, ...files.map(([uuid]) => uuid.length));
  print(`\nFiles (${files.length})`);
  for (const [uuid, name] of files) {
    const failure = job.failed_to_process[uuid];
    const state = failure === undefined ? (uuid in results ? 'result' : '-') : 'failed';
    print(
      `${uuid.padEnd(width)}  ${state.padEnd(6)}  ${visible(failure === undefined ? name : `${name}: ${failure}`)}`,
    );
  }
  return EXIT.ok;
};
