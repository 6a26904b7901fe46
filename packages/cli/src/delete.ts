import { createInterface } from 'node:readline/promises';
import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import { InvalidArgumentError } from 'commander';
import { jobId } from './arguments.ts';
import { commonExitCode, EXIT, Failure } from './exit-code.ts';
import { explain } from './explain.ts';
import { print, printError, printJson, size } from './output.ts';
import type { Session } from './session.ts';

export interface DeleteOptions {
  readonly yes?: boolean;
  readonly onlyIf?: 'finished';
}

/** How many ids a question names. */
const NAMED = 10;

export const deleteJobs = async (
  { jobs, signal, isJson }: Session,
  given: readonly string[],
  { yes, onlyIf }: DeleteOptions,
): Promise<number> => {
  const ids = await readIds(given, signal);
  if (ids.length > 0 && yes !== true) await confirm(ids, signal);
  const codes: number[] = [];
  for await (const result of jobs.deleteMany(ids, { onlyIf, include: 'receipt', signal })) {
    const { jobId: id } = result;
    if (result.isDeleted) {
      codes.push(EXIT.ok);
      const { receipt } = result;
      if (isJson) printJson({ job_id: id, deleted: true, receipt });
      else print(`${id}: deleted${receipt ? ` (${receipt.objects} objects, ${size(receipt.bytes)})` : ''}`);
    } else {
      const { message, exitCode } = explain(result.error);
      codes.push(exitCode);
      if (isJson) printJson({ job_id: id, deleted: false, error: message });
      else printError(`job ${id} was not deleted: ${message}`);
    }
  }
  return commonExitCode(codes);
};

/** All ids are read and parsed before anything is deleted. */
const readIds = async (given: readonly string[], signal: AbortSignal): Promise<number[]> => {
  const all: string[] = [];
  for (const each of given)
    if (each === '-') all.push(...(await text(addAbortSignal(signal, process.stdin))).split(/\s+/).filter(Boolean));
    else all.push(each);
  return [...new Set(all.map(parseId))];
};

const parseId = (value: string): number => {
  try {
    return jobId(value);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new Failure(`${JSON.stringify(value)} is not a job id; nothing was deleted`, EXIT.usage, { cause: error });
  }
};

const confirm = async (ids: readonly number[], signal: AbortSignal): Promise<void> => {
  if (!process.stdin.isTTY)
    throw new Failure('nothing was deleted: without a terminal to ask on, delete needs --yes', EXIT.usage);
  const named = ids.length > NAMED ? `${ids.slice(0, NAMED).join(', ')}, …` : ids.join(', ');
  const what = ids.length === 1 ? `job ${named}` : `${ids.length} jobs (${named})`;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C in a raw terminal is a character, which readline reports.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const reply = await terminal.question(`Delete ${what} with all files and results? [y/N] `, { signal });
    if (!/^y(es)?$/i.test(reply.trim())) throw new Failure('nothing was deleted', EXIT.failed);
  } finally {
    terminal.close();
  }
};
