import { untilAborted } from '@jobs-api/core';

/** The result of one check. */
export interface Finding {
  readonly subject: string;
  /** `warning`: the service works without it. `skipped`: cannot be checked before another check succeeds. */
  readonly verdict: 'ok' | 'warning' | 'failed' | 'skipped';
  /** One or more sentences on one line: the call, its response, and what to do. */
  readonly text: string;
}

export type CheckOutcome = Omit<Finding, 'subject'>;

/** How long one check may take. */
const TIMEOUT_MS = 10_000;

export const ok = (text: string): CheckOutcome => ({ verdict: 'ok', text });
export const warning = (text: string): CheckOutcome => ({ verdict: 'warning', text });
export const failed = (text: string): CheckOutcome => ({ verdict: 'failed', text });

/** Runs one check within its time. `explain` turns an error into the outcome. */
export const check = async (
  subject: string,
  run: (signal: AbortSignal) => Promise<CheckOutcome>,
  explain: (error: unknown) => CheckOutcome,
): Promise<Finding> => {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return { subject, ...(await untilAborted(run(signal), signal)) };
  } catch (error) {
    const late = failed(
      `No response within ${TIMEOUT_MS / 1000} s. Check the address, and whether a firewall lets the connection pass.`,
    );
    return { subject, ...(signal.aborted ? late : explain(error)) };
  }
};

export const skipped = (subject: string, reason: string): Finding => ({
  subject,
  verdict: 'skipped',
  text: `Not checked, because ${reason}.`,
});
