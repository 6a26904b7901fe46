import { request } from 'node:http';
import type { Agent, IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { decode } from './decode.ts';
import type { HttpResponse, HttpRequest } from './http-message.ts';

/**
 * Asks a server on a real socket, sending the path and the headers exactly as they are given.
 *
 * @param agent keeps connections for more than one question; without it each has one of its own
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
        readAnswer(response).then(resolve, reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });

const readAnswer = async (response: IncomingMessage): Promise<HttpResponse> => {
  const headers = response.headers as HttpResponse['headers'];
  const body = decode(await buffer(response), headers['content-encoding']);
  return { status: response.statusCode ?? 0, headers, body };
};
