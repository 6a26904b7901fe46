import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { MAX_BYTES } from './response-size.ts';

/** A request and its response, created by serverless-express. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Returns a function that passes a request to the app. serverless-express keeps the whole response in memory and waits for
 * its end. A response that grows too large for Lambda is finished at once. A response that is destroyed fails the
 * invocation, since nothing of it has been sent.
 */
export const sendRequestTo =
  (app: RequestListener) =>
  ({ request, response }: Exchange): void => {
    const { socket } = response;
    if (!socket) throw new Error('serverless-express gave the response no socket');
    const write = socket.write.bind(socket) as (...parameters: unknown[]) => boolean;
    let bytes = 0;
    socket.write = (data: string | Uint8Array, ...rest: unknown[]) => {
      bytes += data.length;
      if (bytes > MAX_BYTES && !response.destroyed) response.destroy();
      return response.destroyed || write(data, ...rest);
    };
    socket.destroy = (error) => {
      response.emit('close');
      if (bytes > MAX_BYTES) response.emit('finish');
      else response.emit('error', error ?? new Error('the response was cut off'));
      return socket;
    };
    app(request, response);
  };
