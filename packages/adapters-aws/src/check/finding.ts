import { untilAborted } from '@jobs-api/core';

/** What was found out about one thing that the service needs. */
export interface Finding {
  readonly subject: string;
  /** `warning`: the service works, and somebody should know. `skipped`: cannot be looked at before something else is right. */
  readonly verdict: 'ok' | 'warning' | 'failed' | 'skipped';
  /** In words, with what to do; one sentence or more, one line. */
  readonly text: string;
}

export type Outcome = Omit<Finding, 'subject'>;

/** How long one look may take. */
const TIMEOUT_MS = 10_000;

export const ok = (text: string): Outcome => ({ verdict: 'ok', text });
export const warning = (text: string): Outcome => ({ verdict: 'warning', text });
export const failed = (text: string): Outcome => ({ verdict: 'failed', text });

/** Runs one look within its time; what it throws is told by `explain`. */
export const look = async (
  subject: string,
  run: (signal: AbortSignal) => Promise<Outcome>,
  explain: (error: unknown) => Outcome = (error) => failed(reasonOf(error)),
): Promise<Finding> => {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return { subject, ...(await untilAborted(run(signal), signal)) };
  } catch (error) {
    const late = failed(
      `No answer within ${TIMEOUT_MS / 1000} s. Is the address right, and does a firewall let it pass?`,
    );
    return { subject, ...(signal.aborted ? late : explain(error)) };
  }
};

export const skipped = (subject: string, missing: string): Finding => ({
  subject,
  verdict: 'skipped',
  text: `Not looked at, because ${missing}.`,
});

/** The message at the bottom of the causes, which says what really happened. */
export const reasonOf = (error: unknown): string => {
  const { name, message, code, cause, errors } = error as Error & { code?: string; errors?: unknown[] };
  const inner = cause ?? errors?.[0];
  if (inner instanceof Error && inner !== error) return reasonOf(inner);
  return [name === 'Error' ? undefined : name, message || code].filter(Boolean).join(': ');
};

export const isNamed = (error: unknown, ...names: string[]): boolean => {
  const { name, cause } = error as Error;
  return names.includes(name) || (cause instanceof Error && isNamed(cause, ...names));
};

export const isRefused = (error: unknown): boolean => {
  if (isNamed(error, 'AccessDenied', 'AccessDeniedException', '403', 'Forbidden')) return true;
  const { $metadata, cause } = error as { $metadata?: { httpStatusCode?: number }; cause?: unknown };
  // DynamoDB's 403 is named, and S3's to a HEAD request has no name.
  return $metadata?.httpStatusCode === 403 || (cause instanceof Error && isRefused(cause));
};

export const refused = (permission: string, on: string): string => `AWS refuses: allow ${permission} on ${on}.`;
