import * as v from 'valibot';

/** Settings for listening, limits and shutdown. */
export interface HttpConfig {
  readonly port: number;
  readonly host: string;
  readonly corsOrigins: readonly string[];
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly requestTimeoutSeconds: number;
  readonly maxInFlight: number;
  readonly keepAliveSeconds: number;
  readonly drainSeconds: number;
  readonly shutdownGraceSeconds: number;
  /** Port of the metrics server; `undefined` if metrics are off. */
  readonly metricsPort: number | undefined;
  /** Whether the service serves the page `/docs`. */
  readonly docs: boolean;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.check(
      (value) => /^[0-9]+$/.test(value) && Number(value) >= min && Number(value) <= max,
      `must be a whole number from ${min} to ${max}`,
    ),
    v.transform(Number),
  );

const isOrigin = (value: string): boolean => URL.canParse(value) && new URL(value).origin === value;

const variables = v.object({
  PORT: v.optional(wholeNumber(0, 65_535), '3000'),
  HOST: v.optional(v.string(), '0.0.0.0'),
  CORS_ORIGINS: v.optional(
    v.pipe(
      v.string(),
      v.transform((value) => value.split(',').map((origin) => origin.trim())),
      v.check((origins) => origins.every(isOrigin), 'must be origins such as https://example.com, separated by commas'),
    ),
  ),
  LOG_LEVEL: v.optional(v.picklist(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`), 'info'),
  REQUEST_TIMEOUT_SECONDS: v.optional(wholeNumber(1, 3_600), '10'),
  MAX_IN_FLIGHT: v.optional(wholeNumber(1, 1_000_000), '1000'),
  KEEP_ALIVE_SECONDS: v.optional(wholeNumber(1, 3_600), '65'),
  DRAIN_SECONDS: v.optional(wholeNumber(0, 3_600), '1'),
  SHUTDOWN_GRACE_SECONDS: v.optional(wholeNumber(0, 3_600), '10'),
  METRICS_PORT: v.optional(wholeNumber(0, 65_535)),
  DOCS: v.optional(v.picklist(['on', 'off'], 'must be on or off'), 'on'),
});

/** Names of the variables that {@link readHttpConfig} reads. */
export const httpVariables: readonly string[] = Object.keys(variables.entries);

/**
 * Reads the variables of the service (docs/configuration.md). Returns the configuration or all problems, one sentence
 * each. An empty variable counts as not set.
 */
export const readHttpConfig = (
  env: Readonly<Record<string, string | undefined>>,
): { config: HttpConfig; problems?: never } | { config?: never; problems: readonly string[] } => {
  const nonEmpty = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const { success, output: read, issues } = v.safeParse(variables, nonEmpty);
  if (!success) return { problems: issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`) };
  return {
    config: {
      port: read.PORT,
      host: read.HOST,
      corsOrigins: read.CORS_ORIGINS ?? [],
      logLevel: read.LOG_LEVEL,
      requestTimeoutSeconds: read.REQUEST_TIMEOUT_SECONDS,
      maxInFlight: read.MAX_IN_FLIGHT,
      keepAliveSeconds: read.KEEP_ALIVE_SECONDS,
      drainSeconds: read.DRAIN_SECONDS,
      shutdownGraceSeconds: read.SHUTDOWN_GRACE_SECONDS,
      metricsPort: read.METRICS_PORT,
      docs: read.DOCS === 'on',
    },
  };
};
