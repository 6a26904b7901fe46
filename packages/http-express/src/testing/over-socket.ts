import { request, type Agent, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { decode } from './decode.ts';
import type { HttpResponse, HttpRequest } from './http-message.ts';

/**
 * Returns a function that sends a request over a real socket, with its path and headers unchanged.
 *
 * @param agent reuses connections; without it each request has its own
 */
export const overSocket =
  (origin: string, agent: Agent | false = false) =>
  ({ method = 'GET', path, headers = [], body }: HttpRequest): Promise<HttpResponse> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(origin);
      const pairs = [
        ['Host', `${hostname}:${port}`],
        ...headers,
        ...(body ? [['Content-Length', `${body.length}`]] : []),
      ];
      const sent = request({ hostname, port, method, path, headers: pairs.flat(), agent }, (response) => {
        readResponse(response).then(resolve, reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });

const readResponse = async (response: IncomingMessage): Promise<HttpResponse> => {
  const headers = response.headers as HttpResponse['headers'];
  const body = decode(await buffer(response), headers['content-encoding']);
  return { status: response.statusCode ?? 0, headers, body };
};
