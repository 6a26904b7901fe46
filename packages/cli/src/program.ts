import { readFileSync } from 'node:fs';
import { Argument, Command, Option } from 'commander';
import { jobId, jobIds, wholeNumber } from './arguments.ts';
import { deleteJobs, type DeleteOptions } from './delete.ts';
import { download, type DownloadOptions } from './download/download.ts';
import { showJob } from './get.ts';
import { printLink, type LinkOptions } from './link.ts';
import { listJobs, type ListOptions } from './list.ts';
import { connect, type Session } from './session.ts';
import { waitForJobs } from './wait.ts';

const ENVIRONMENT = `
Environment:
  JOBS_URL    address of the service, such as https://jobs.example.com
  JOBS_TOKEN  your token

Exit codes:
  0  done
  1  something failed, or a job that was waited for has failed
  2  wrong arguments or settings
  3  the token was rejected
  4  there is no such job
  5  the job is not finished
  6  the service is unavailable or cannot be reached
`;

type Action = (session: Session, ...given: never[]) => Promise<number>;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** @param setExitCode is called with the outcome of the command */
export const createProgram = (
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  setExitCode: (code: number) => void,
): Command => {
  const program = new Command('jobs-api')
    .description('Lists, waits for, downloads and deletes jobs.')
    .addHelpText('after', ENVIRONMENT)
    .version(version)
    .exitOverride()
    .showHelpAfterError('(jobs-api --help shows how it is used)');

  const command = (name: string, description: string, action: Action): Command =>
    program
      .command(name)
      .description(description)
      .option('--json', 'print JSON for programs, one value per line')
      .action(async (...given: unknown[]) => {
        const self = given.at(-1) as Command;
        const session = { jobs: connect(env), signal, isJson: self.opts<{ json?: boolean }>().json === true };
        setExitCode(await action(session, ...(given as never[])));
      });

  command('list', 'list jobs', (session: Session, options: ListOptions) => listJobs(session, options))
    .option('--status <codes>', 'only jobs of these statuses, separated by commas')
    .option('--name <text>', 'only jobs whose name contains this')
    .option('--after <time>', 'only jobs submitted after this time (RFC 3339)')
    .option('--before <time>', 'only jobs submitted before this time (RFC 3339)')
    .addOption(new Option('--order <order>', 'order of the job ids').choices(['asc', 'desc']).default('asc'))
    .option('--limit <number>', 'at most this many jobs', wholeNumber(1, Number.MAX_SAFE_INTEGER));

  command('get', 'show a job and its files', (session: Session, id: number) => showJob(session, id)).argument(
    '<id>',
    'the job',
    jobId,
  );

  command('wait', 'wait until jobs are finished', (session: Session, ids: number[]) =>
    waitForJobs(session, ids),
  ).argument('<id...>', 'the jobs', jobIds);

  command('link', 'print a link to a file', (session: Session, id: number, uuid: string, options: LinkOptions) =>
    printLink(session, id, uuid, options),
  )
    .argument('<id>', 'the job', jobId)
    .argument('<object-uuid>', 'the file, as get shows it')
    .addOption(new Option('--result <kind>', 'link to a result of the file').choices(['full', 'min']))
    .option('--download-as <name>', 'browsers save the file under this name')
    .option('--expires-in <seconds>', 'the link is valid for at most this long', wholeNumber(1, 604_800));

  command('download', 'download the files of a job', (session: Session, id: number, options: DownloadOptions) =>
    download(session, id, options),
  )
    .argument('<id>', 'the job', jobId)
    .requiredOption('--to <dir>', 'the folder for the files; it is made if it does not exist')
    .option('--results', 'also download the results, into the folder "results" in it')
    .option('--names', 'name the files as they were uploaded, instead of by object uuid')
    .option('--concurrency <number>', 'files at the same time', wholeNumber(1, 64), 4);

  command(
    'delete',
    'delete jobs with all their files and results',
    (session: Session, ids: string[], options: DeleteOptions) => deleteJobs(session, ids, options),
  )
    .addArgument(new Argument('<id...>', 'the jobs; - reads them from standard input'))
    .option('--yes', 'do not ask')
    .addOption(new Option('--only-if <state>', 'delete a job only if it is in this state').choices(['finished']));

  return program;
};
