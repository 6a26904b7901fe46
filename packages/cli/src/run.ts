import { setMaxListeners } from 'node:events';
import { CommanderError } from 'commander';
import { EXIT } from './exit-code.ts';
import { explain } from './explain.ts';
import { printError } from './output.ts';
import { createProgram } from './program.ts';

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** How the program ended. */
export interface ProgramOutcome {
  readonly exitCode: number;
  /** Whether a signal ended it. */
  readonly isInterrupted: boolean;
}

/** Runs the program to its end. */
export const run = async (args: readonly string[], env: NodeJS.ProcessEnv): Promise<ProgramOutcome> => {
  const controller = new AbortController();
  // Each of many downloads listens.
  setMaxListeners(0, controller.signal);
  const interruption = new Promise<ProgramOutcome>((resolve) => {
    for (const [name, exitCode] of Object.entries(SIGNALS))
      // Once: a second signal ends the process at once.
      process.once(name, () => {
        controller.abort();
        resolve({ exitCode, isInterrupted: true });
      });
  });
  const exitCode = await runCommand(args, env, controller.signal);
  return controller.signal.aborted ? interruption : { exitCode, isInterrupted: false };
};

const runCommand = async (args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> => {
  let exitCode: number = EXIT.ok;
  try {
    await createProgram(env, signal, (code) => (exitCode = code)).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = explain(error);
    if (!signal.aborted) printError(failure.message);
    return failure.exitCode;
  }
};
