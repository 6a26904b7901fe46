import type { HttpResponse, HttpRequest } from './http-message.ts';

/** Returns a `fetch` for paths without an origin that sends each request with `send`. */
export const asFetch =
  (send: (request: HttpRequest) => Promise<HttpResponse>): typeof fetch =>
  async (path, { method = 'GET', headers } = {}) => {
    if (typeof path !== 'string') throw new Error('this fetch accepts a path only');
    const response = await send({ method, path, headers: [...new Headers(headers)] });
    return new Response(response.body, {
      status: response.status,
      headers: Object.entries(response.headers).map(([name, value = '']): [string, string] => [name, value]),
    });
  };
