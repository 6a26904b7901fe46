import { destination } from 'pino';

/** Lines are written at once when they reach this size, in characters. */
const MAX_LENGTH = 64 * 1024;

/**
 * Holds lines back for a few milliseconds, and writes them together. A write for each request would take a fifth of the
 * CPU of a small request (`pnpm bench small-routes`, Node 24). The rest is written when the process exits. A process that
 * is killed loses the lines of the last `delayMs`.
 */
export class BatchedOutput {
  readonly #delayMs: number;
  readonly #write: (lines: string) => unknown;
  #lines = '';
  #timer: NodeJS.Timeout | undefined;

  /** @param write default: writes to standard output */
  constructor(delayMs: number, write: (lines: string) => unknown = toStandardOutput()) {
    this.#delayMs = delayMs;
    this.#write = write;
    process.on('exit', () => this.flushSync());
  }

  write(line: string): void {
    this.#lines += line;
    if (this.#lines.length >= MAX_LENGTH) this.flushSync();
    else this.#timer ??= setTimeout(() => this.flushSync(), this.#delayMs);
  }

  /** Also called by pino, for fatal errors. */
  flushSync(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    this.#lines = '';
    if (lines !== '') this.#write(lines);
  }
}

const toStandardOutput = (): ((lines: string) => unknown) => {
  const output = destination({ sync: true });
  return (lines) => output.write(lines);
};
