import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { HttpAnswer, HttpQuestion } from './http-api.contract.ts';

/** Asks a server on a real socket, sending the path and the headers exactly as they are given. */
export const overSocket =
  (origin: string) =>
  ({ method = 'GET', path, headers = [], body }: HttpQuestion): Promise<HttpAnswer> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(origin);
      const pairs = [
        ['Host', `${hostname}:${port}`],
        ...headers,
        ...(body ? [['Content-Length', `${body.length}`]] : []),
      ];
      const sent = request({ hostname, port, method, path, headers: pairs.flat(), agent: false }, (response) => {
        const answer = { status: response.statusCode ?? 0, headers: response.headers as HttpAnswer['headers'] };
        text(response).then((received) => resolve({ ...answer, body: received }), reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
