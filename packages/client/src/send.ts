import { JobsApiError } from './error.ts';
import type { operations } from './openapi.ts';
import { sleep } from './sleep.ts';

export type JobsClientOptions = {
  /** Address of the service, as far as `/api/v1/jobs`: `https://jobs.example.com`. `''` is the origin of the page. */
  readonly baseUrl: string;
  /** Replaces the platform's own. */
  readonly fetch?: typeof fetch;
  /** How often a failed request is repeated if a retry may succeed: 2 by default. */
  readonly maxRetries?: number;
  /**
   * Renews a token that the service rejected (401) and returns it. The request is repeated with it, once. Requests that
   * are rejected at the same time share one renewal.
   */
  readonly onUnauthorized?: () => string | Promise<string>;
} & (
  | { readonly token: string; readonly getToken?: never }
  /** Called before each request, so that it can return a token that was renewed. */
  | { readonly getToken: () => string | Promise<string>; readonly token?: never }
);

export interface CallOptions {
  /** Ends the call, which then rejects with the reason. */
  readonly signal?: AbortSignal | undefined;
  /** Names the request in the log of the service: 1 to 128 of `A-Z a-z 0-9 . _ -`. */
  readonly requestId?: string | undefined;
}

/** A value of a parameter; an array becomes a list with commas. */
type Value<Type> = Type | (Type extends string ? Date | readonly (string | number)[] : never) | undefined;
/** The query parameters of an operation of the document, before they are text. */
type QueryOf<Operation> = Operation extends { parameters: { query?: infer Query } }
  ? { readonly [Name in keyof NonNullable<Query>]: Value<NonNullable<Query>[Name]> }
  : never;

interface Queries {
  readonly list: QueryOf<operations['listJobs']>;
  readonly get: QueryOf<operations['getJob']>;
  readonly 'get-object-url': QueryOf<operations['getObjectUrl']>;
  readonly delete: QueryOf<operations['deleteJob']>;
}

/**
 * Sends a request and returns the body of its response. All requests of the API can be repeated safely, deletes too, so
 * each is, when the connection fails or the service is unavailable.
 */
export type Send = <Path extends keyof Queries>(
  method: 'GET' | 'DELETE',
  path: Path,
  query: Queries[Path],
  options: CallOptions,
) => Promise<Readonly<Record<string, unknown>>>;

const FIRST_DELAY_MS = 500;
/** A longer `Retry-After` is not waited for: the caller gets the error, which has it. */
const LONGEST_DELAY_MS = 60_000;

export const createSend = (options: JobsClientOptions): Send => {
  const { getToken, onUnauthorized, maxRetries = 2 } = options;
  let { token } = options;
  let renewal: Promise<string> | undefined;

  const renew = async (rejected: string, renewToken: () => string | Promise<string>): Promise<string> => {
    // Another request has renewed it meanwhile.
    if (token !== undefined && token !== rejected) return token;
    renewal ??= Promise.resolve()
      .then(renewToken)
      .finally(() => (renewal = undefined));
    const renewed = await renewal;
    if (!getToken) token = renewed;
    return renewed;
  };

  return async (method, path, query, { signal, requestId }) => {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries<Value<string> | number>(query))
      if (value !== undefined) search.set(name, value instanceof Date ? value.toISOString() : String(value));
    const url = `${options.baseUrl.replace(/\/$/, '')}/api/v1/jobs/${path}?${search.toString()}`;
    let used = getToken ? await getToken() : (token ?? '');
    let canRenew = onUnauthorized !== undefined;

    for (let retries = 0; ; retries++) {
      // Not called as a method of the options: browsers reject a fetch with another `this`.
      const send = options.fetch ?? fetch;
      let delay = FIRST_DELAY_MS * 2 ** retries * (0.5 + Math.random() / 2);
      try {
        const response = await send(url, {
          method,
          headers: { Authorization: `Bearer ${used}`, ...(requestId !== undefined && { 'X-Request-Id': requestId }) },
          ...(signal && { signal }),
        });
        const body = parse(await response.text());
        if (response.ok && typeof body === 'object' && body) return body as Readonly<Record<string, unknown>>;
        throw new JobsApiError(response, body);
      } catch (error) {
        if (signal?.aborted === true) throw error;
        if (error instanceof JobsApiError) {
          const { code, retryAfterSeconds } = error;
          if (code === 'UNAUTHORIZED' && canRenew && onUnauthorized) {
            canRenew = false;
            used = await renew(used, onUnauthorized);
            retries--;
            continue;
          }
          if (code !== 'UNAVAILABLE') throw error;
          delay = retryAfterSeconds === undefined ? delay : retryAfterSeconds * 1000;
        }
        if (retries >= maxRetries || delay > LONGEST_DELAY_MS) throw error;
      }
      await sleep(delay, signal);
    }
  };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
