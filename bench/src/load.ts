import type { Helper } from './server-process.ts';

export interface LoadOptions {
  readonly path: string;
  readonly token: string;
  readonly connections?: number;
  readonly requests: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoadResult {
  readonly seconds: number;
  readonly perSecond: number;
  /** Milliseconds, ascending. */
  readonly latencies: readonly number[];
  readonly bytes: number;
}

/** Keeps so many connections busy, each asking again as soon as it has its answer, until all requests are answered. */
export type Load = (origin: string, options: LoadOptions) => Promise<LoadResult>;

/** By `load-host.js`. One load at a time. */
export const loadFrom =
  (host: Helper<unknown>): Load =>
  async (origin, options) => {
    const { result, failure } = (await host.ask({ origin, ...options })) as { result: LoadResult; failure?: string };
    if (failure !== undefined) throw new Error(failure);
    return result;
  };

/** The latency that so many percent of the requests did not exceed. */
export const percentile = ({ latencies }: LoadResult, percent: number): number =>
  latencies[Math.ceil((latencies.length * percent) / 100) - 1] as number;
