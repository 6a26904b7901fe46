import { destination as standardOutput, pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import type { HttpConfig } from '../config.ts';
import { BatchedOutput } from './batched-output.ts';
import { describeError } from './describe-error.ts';
import { formsOf, redactForms } from './redaction.ts';

export interface LoggerOptions {
  readonly level?: HttpConfig['logLevel'];
  /** Returns values that no line may contain, such as the credentials in use. Returns the same array until they change. */
  readonly secrets?: () => readonly string[];
  /** Time for which lines may be held back, to write several at once. Default: 0, as a frozen process requires. */
  readonly delayMs?: number;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** Maximum length of a line in bytes, including the line feed. Many log collectors split longer lines. */
const MAX_LINE = 16 * 1024;
/** Limits for each text of a line that is too long, in characters. The first one that makes the line short enough is used. */
const TEXT_LENGTHS = [1_000, 250, 50, 10];
const NONE: readonly string[] = [];

/** Creates a logger that writes JSON lines. Errors are logged as the field `error`. */
export const createLogger = ({
  level = 'info',
  secrets = () => NONE,
  delayMs = 0,
  // Without `sync`, pino writes each line in another thread, which takes more CPU and may end after the process was frozen.
  destination = delayMs > 0 ? new BatchedOutput(delayMs) : standardOutput({ sync: true }),
}: LoggerOptions = {}): Logger => {
  let known = { secrets: NONE, forms: NONE };
  const withoutSecrets = (line: string): string => {
    const current = secrets();
    if (current !== known.secrets) known = { secrets: current, forms: formsOf(current) };
    return redactForms(line, known.forms);
  };
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: (error: unknown) => (isDescribed(error) ? error : describeError(error)) },
    hooks: { streamWrite: (line: string) => shorten(withoutSecrets(line)) },
  };
  return pino(options, destination);
};

/** The request log describes errors itself, because it knows the caller's token. */
const isDescribed = (error: unknown): boolean => !(error instanceof Error) && typeof error === 'object';

/** Cuts the texts of a line that is too long, and keeps all fields. */
const shorten = (line: string): string => {
  let shortened = line;
  for (const length of TEXT_LENGTHS) {
    if (Buffer.byteLength(shortened) <= MAX_LINE) return shortened;
    const cut = (_name: string, value: unknown) =>
      typeof value === 'string' && value.length > length ? `${value.slice(0, length)}…` : value;
    shortened = `${JSON.stringify({ ...(JSON.parse(line, cut) as object), truncated: true })}\n`;
  }
  return shortened;
};
