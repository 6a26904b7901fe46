import type { Helper } from './server-process.ts';

export interface LoadOptions {
  /** Default: GET. */
  readonly method?: string;
  readonly path: string;
  readonly token: string;
  readonly connections?: number;
  readonly requests: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Expected status. Default: 200. */
  readonly status?: number;
}

export interface LoadResult {
  readonly seconds: number;
  readonly perSecond: number;
  /** Milliseconds, ascending. */
  readonly latencies: readonly number[];
  readonly bytes: number;
}

/** Sends `requests` requests over `connections` connections. Resolves when all have a response. */
export type Load = (origin: string, options: LoadOptions) => Promise<LoadResult>;

/** Sends load with `load-host.js`, one load at a time. */
export const loadFrom =
  (host: Helper<unknown>): Load =>
  async (origin, options) => {
    const { result, failure } = (await host.ask({ origin, ...options })) as { result: LoadResult; failure?: string };
    if (failure !== undefined) throw new Error(failure);
    return result;
  };

/** Returns the latency within which `percent` % of the requests were completed. */
export const percentile = ({ latencies }: LoadResult, percent: number): number =>
  latencies[Math.ceil((latencies.length * percent) / 100) - 1] as number;
