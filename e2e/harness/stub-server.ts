import { createServer, type RequestListener } from 'node:http';
import { closeServer, listen } from '@jobs-api/local/loopback';

/** A server on a free port of 127.0.0.1 whose responses a test decides. */
export interface StubServer {
  readonly origin: string;
  /** Path and query of each request so far. */
  readonly requests: readonly string[];
  /** Handles all further requests by another listener. */
  readonly respond: (listener: RequestListener) => void;
  readonly close: () => Promise<void>;
}

export const startStub = async (listener: RequestListener): Promise<StubServer> => {
  const requests: string[] = [];
  let respond = listener;
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    respond(request, response);
  });
  return {
    origin: await listen(server),
    requests,
    respond: (next) => void (respond = next),
    close: () => closeServer(server),
  };
};

export const serveKeys =
  (...keys: readonly unknown[]): RequestListener =>
  (_, response) =>
    void response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ keys }));
