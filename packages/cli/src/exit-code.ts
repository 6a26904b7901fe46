/** How the program ends. README.md documents these for scripts. */
export const EXIT = {
  ok: 0,
  /** Something was not done, for a reason without a code of its own; or the job has failed. */
  failed: 1,
  usage: 2,
  unauthorized: 3,
  noSuchJob: 4,
  notFinished: 5,
  unavailable: 6,
} as const;

/** A failure that the program expects: one line for people, and how the program ends. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** @returns the code that all failures have in common; `failed` if they differ */
export const commonExitCode = (codes: Iterable<number>): number => {
  const failures = new Set([...codes].filter((code) => code !== EXIT.ok));
  const [first = EXIT.ok] = failures;
  return failures.size > 1 ? EXIT.failed : first;
};
