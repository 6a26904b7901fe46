import { createJobsClient, type JobsClient } from '@jobs-api/client';

/** A request that has ended. */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  /** `undefined` if there was no response. */
  readonly status: number | undefined;
  readonly milliseconds: number;
}

/** @param onCall called with every request when it has ended */
export const connect = (token: string, onCall: (call: ApiCall) => void): JobsClient['jobs'] => {
  const reportingFetch: typeof fetch = async (url, init) => {
    const begun = performance.now();
    let status: number | undefined;
    try {
      const response = await fetch(url, init);
      ({ status } = response);
      return response;
    } finally {
      onCall({ method: init?.method ?? 'GET', path: url as string, status, milliseconds: performance.now() - begun });
    }
  };
  return createJobsClient({ baseUrl: '', token, fetch: reportingFetch }).jobs;
};
