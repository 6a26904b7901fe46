import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on a free port of 127.0.0.1. */
export interface Loopback {
  readonly origin: string;
  /** The path of each request so far. */
  readonly requests: readonly string[];
  /** From now on requests are answered so. */
  readonly respond: (listener: RequestListener) => void;
  readonly close: () => Promise<void>;
}

export const listen = async (listener: RequestListener): Promise<Loopback> => {
  const requests: string[] = [];
  let respond = listener;
  const server = createServer((incoming, response) => {
    requests.push(incoming.url ?? '');
    respond(incoming, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    respond: (next) => void (respond = next),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};

/** Leads to another server, and changes nothing on the way, so that what was signed stays valid. */
export const passThrough = (target: string): RequestListener => {
  const { hostname, port } = new URL(target);
  return (incoming, response) => {
    const { method, url, rawHeaders } = incoming;
    const outgoing = request({ hostname, port, method, path: url, headers: rawHeaders, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  };
};

export const serveKeys =
  (...keys: readonly unknown[]): RequestListener =>
  (_, response) =>
    void response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ keys }));
