import type { CallOptions } from './call-options.ts';

/** Checks of the dependencies that the service needs, by the names that `/readyz` shows. A check rejects if its dependency fails. */
export type ReadinessChecks = Readonly<Record<string, (options: CallOptions) => Promise<void>>>;
