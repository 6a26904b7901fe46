/**
 * An S3 for one machine: for `pnpm dev`, which works without an account, and for tests, which need no network.
 *
 * The S3 servers on npm verify nothing: a link that was changed, that has expired, or that is used with another method
 * works all the same. Errors in signed links stay unnoticed unless the stand-in verifies them. This one refuses what S3
 * refuses, with S3's own codes, and responds with NotImplemented to everything else, so that nothing works here alone.
 * It is longer than the adapter that it stands in for because it checks our signer and the SDK's.
 *
 * Addresses are path-style, it listens on 127.0.0.1 only, and holds its data in memory or in a directory (storage.ts).
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { refuseForeignHosts } from '../foreign-hosts.ts';
import { closeServer, listen } from '../loopback.ts';
import { checkKey, type Faults, type OperationResponse } from './operation.ts';
import { findOperation } from './operations.ts';
import { RequestBody } from './request-body.ts';
import { S3Error } from './s3-error.ts';
import { verifySignature, type Credentials } from './signature.ts';
import { Storage } from './storage.ts';
import { parseTarget } from './target.ts';
import { document, fields } from './xml.ts';

export interface LocalS3Options {
  /** Default: a free port. */
  readonly port?: number;
  /** The only ones that are accepted. With a session token, every request must carry it. */
  readonly credentials: Credentials;
  readonly region?: string;
  /** Folder that keeps everything for the next start, for one process at a time. Default: nothing is kept. */
  readonly directory?: string;
  /** Lets pages of this origin, or of any with `*`, read what they are sent, as a bucket's CORS rule for GET does. */
  readonly corsOrigin?: string;
  /** Lets a test expire a link without waiting. */
  readonly clock?: () => Date;
}

export interface LocalS3 {
  readonly endpoint: string;
  /** Faults that a test switches on. There are none at the start. */
  readonly faults: Faults;
  /** Closes open connections too. */
  close(): Promise<void>;
}

export const startLocalS3 = async (options: LocalS3Options): Promise<LocalS3> => {
  const { port = 0, credentials, region = 'us-east-1', directory, corsOrigin, clock = () => new Date() } = options;
  const server = createServer();
  // Neither an idle connection, which its client may be about to use again, nor a slow upload is closed.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  // The port comes first: a server that has the same port has the directory too.
  const endpoint = await listen(server, port);
  const storage = openStorage(directory, server);
  const running = new Set<Promise<void>>();
  const faults: Faults = { ignorePrefix: false, protectedKeys: new Set() };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const responding = respond(request, response, { storage, faults, credentials, region, corsOrigin, clock });
    running.add(responding);
    void responding.finally(() => running.delete(responding));
  });
  refuseForeignHosts(server);

  const close = async () => {
    await closeServer(server);
    await Promise.all(running);
    storage.close();
  };
  let closing: Promise<void> | undefined;
  return { endpoint, faults, close: () => (closing ??= close()) };
};

const openStorage = (directory: string | undefined, server: Server): Storage => {
  try {
    return new Storage(directory);
  } catch (error) {
    server.close();
    throw error;
  }
};

interface Settings {
  readonly storage: Storage;
  readonly faults: Faults;
  readonly credentials: Credentials;
  readonly region: string;
  readonly corsOrigin: string | undefined;
  readonly clock: () => Date;
}

/** Never rejects. */
const respond = async (request: IncomingMessage, response: ServerResponse, settings: Settings): Promise<void> => {
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  // Nothing can be done about a client that has disconnected.
  response.on('error', () => undefined);
  response.setHeader('x-amz-request-id', requestId);
  response.setHeader('date', settings.clock().toUTCString());
  if (settings.corsOrigin !== undefined) response.setHeader('access-control-allow-origin', settings.corsOrigin);
  try {
    const { status = 200, headers = {}, body } = await runOperation(request, settings);
    response.writeHead(status, { ...(typeof body === 'string' && { 'content-type': 'application/xml' }), ...headers });
    if (body === undefined || request.method === 'HEAD') response.end();
    else if (typeof body === 'string') response.end(body);
    else await pipeline(body, response);
  } catch (error) {
    // Otherwise the pipeline has closed the connection, so that half a body does not look complete.
    if (!response.headersSent) respondWithError(error, request, response, requestId);
  }
  // Reads the rest of a refused upload, so that the connection can be used again.
  request.resume();
};

const runOperation = async (request: IncomingMessage, settings: Settings): Promise<OperationResponse> => {
  const { storage, faults, credentials, region, clock } = settings;
  const { method = '', url = '', headersDistinct } = request;
  const target = parseTarget(url);
  const received = new Map(Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join()]));
  const now = clock();
  const authorization = verifySignature({ method, target, headers: received }, { credentials, region, now });

  const moved = [...target.parameters].filter(([name]) => /^x-amz-/i.test(name));
  const headers = new Map([
    ...moved.map(([name, value]): [string, string] => [name.toLowerCase(), value]),
    ...received,
  ]);
  const operation = findOperation(method, target, headers);
  const { bucket, key } = target;
  checkKey(key);
  const parameters = new Map(target.parameters);
  if (faults.ignorePrefix) parameters.delete('prefix');
  // An unread body must not close the connection, because the response still has to be sent on it.
  const source = { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) };
  const body = new RequestBody(source, headers, authorization);
  const second = `${now.toISOString().slice(0, 19)}.000Z`;
  return operation.run({ storage, faults, region, now: second, bucket, key, parameters, headers, body });
};

const respondWithError = (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): void => {
  const message = error instanceof Error ? error.message : String(error);
  const known = error instanceof S3Error ? error : new S3Error('InternalError', message);
  const resource = request.url?.split('?', 1)[0];
  const content = {
    Code: known.code,
    Message: known.message,
    ...known.details,
    Resource: resource,
    RequestId: requestId,
  };
  response.writeHead(known.status, { 'content-type': 'application/xml', ...known.headers });
  response.end(document('Error', fields(content)));
};
