import type { CallOptions } from './call-options.ts';

/** Checks of the dependencies that a service needs, by name. A check rejects if its dependency fails. */
export type ReadinessChecks = Readonly<Record<string, (options: CallOptions) => Promise<void>>>;
