import type { HttpResponse, HttpRequest } from './http-message.ts';

/** A `fetch` for paths without an origin that asks a driving adapter, however that is asked. */
export const asFetch =
  (ask: (question: HttpRequest) => Promise<HttpResponse>): typeof fetch =>
  async (path, { method = 'GET', headers } = {}) => {
    if (typeof path !== 'string') throw new Error('only a path can be fetched here');
    const answer = await ask({ method, path, headers: [...new Headers(headers)] });
    return new Response(answer.body, {
      status: answer.status,
      headers: Object.entries(answer.headers).map(([name, value = '']): [string, string] => [name, value]),
    });
  };
