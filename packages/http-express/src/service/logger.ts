import { pino, stdTimeFunctions } from 'pino';
import type { Logger } from 'pino';
import { describeError } from './describe-error.ts';
import type { HttpConfig } from '../config.ts';

/** How errors are logged, under the name `error`. */
export const serializers = { error: describeError };

/** JSON lines on standard output. */
export const createLogger = (level: HttpConfig['logLevel']): Logger =>
  pino({
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers,
  });
