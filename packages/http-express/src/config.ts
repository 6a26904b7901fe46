import * as z from 'zod';

/** How the service listens, what it bears and how it stops. */
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
  /** Where metrics are served; absent, nowhere. */
  readonly metricsPort: number | undefined;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .refine(
      (value) => /^[0-9]+$/.test(value) && Number(value) >= min && Number(value) <= max,
      `must be a whole number from ${min} to ${max}`,
    )
    .transform(Number);

const isOrigin = (value: string): boolean => URL.canParse(value) && new URL(value).origin === value;

const variables = z
  .object({
    PORT: wholeNumber(0, 65_535).prefault('3000'),
    HOST: z.string().default('0.0.0.0'),
    CORS_ORIGINS: z
      .string()
      .transform((value) => value.split(',').map((origin) => origin.trim()))
      .refine((origins) => origins.every(isOrigin), 'must be origins such as https://example.com, separated by commas')
      .default([]),
    LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
    REQUEST_TIMEOUT_SECONDS: wholeNumber(1, 3_600).prefault('10'),
    MAX_IN_FLIGHT: wholeNumber(1, 1_000_000).prefault('1000'),
    KEEP_ALIVE_SECONDS: wholeNumber(1, 3_600).prefault('65'),
    DRAIN_SECONDS: wholeNumber(0, 3_600).prefault('1'),
    SHUTDOWN_GRACE_SECONDS: wholeNumber(0, 3_600).prefault('10'),
    METRICS_PORT: wholeNumber(0, 65_535).optional(),
  })
  .transform((read): HttpConfig => ({
    port: read.PORT,
    host: read.HOST,
    corsOrigins: read.CORS_ORIGINS,
    logLevel: read.LOG_LEVEL,
    requestTimeoutSeconds: read.REQUEST_TIMEOUT_SECONDS,
    maxInFlight: read.MAX_IN_FLIGHT,
    keepAliveSeconds: read.KEEP_ALIVE_SECONDS,
    drainSeconds: read.DRAIN_SECONDS,
    shutdownGraceSeconds: read.SHUTDOWN_GRACE_SECONDS,
    metricsPort: read.METRICS_PORT,
  }));

/** Every variable that is read here. */
export const httpVariables: readonly string[] = Object.keys(variables.in.shape);

/**
 * Reads the variables of the service (docs/configuration.md): either the configuration, or everything that is wrong with
 * it, a sentence each. A variable that is set to nothing counts as not set.
 */
export const readHttpConfig = (
  env: Readonly<Record<string, string | undefined>>,
): { config: HttpConfig; problems?: never } | { config?: never; problems: readonly string[] } => {
  const { data, error } = variables.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value)));
  if (error) return { problems: error.issues.map(({ path, message }) => `${path.join('.')} ${message}`) };
  return { config: data };
};
