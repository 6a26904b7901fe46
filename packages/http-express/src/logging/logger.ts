import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import type { HttpConfig } from '../config.ts';
import { describeError } from './describe-error.ts';
import { formsOf, redactForms } from './redaction.ts';

export interface LoggerOptions {
  readonly level?: HttpConfig['logLevel'];
  /** Returns the values that no line may contain, such as the credentials in use: the same array until they change. */
  readonly secrets?: () => readonly string[];
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** The longest line, in bytes, with its line feed: what log collectors take as one. */
const MAX_LINE = 16 * 1024;
/** How many characters of each text a line that is too long keeps: as many as fit. */
const TEXT_LENGTHS = [1_000, 250, 50, 10];
const NONE: readonly string[] = [];

/** Writes JSON lines. Errors are logged under the name `error`. */
export const createLogger = ({ level = 'info', secrets = () => NONE, destination }: LoggerOptions = {}): Logger => {
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
  return destination ? pino(options, destination) : pino(options);
};

/** The request log describes errors itself, since it knows the caller's token. */
const isDescribed = (error: unknown): boolean => !(error instanceof Error) && typeof error === 'object';

/** A line that is too long keeps all of its fields, and of each text only so much that the line is short enough. */
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
