import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageClasses } from '@jobs-api/http-express';
import type { createApp } from '@jobs-api/http-express';
import { MAX_BYTES } from './answer-size.ts';

/** A request and a response as serverless-express makes them, of classes that it keeps to itself. */
interface Messages {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** How serverless-express hands a request to an app: as it would by itself, but with {@link messageClasses}. */
export const expressFramework = (app: ReturnType<typeof createApp>) => ({
  sendRequest: ({ request, response }: Messages): void => {
    const Request = request.constructor as typeof IncomingMessage;
    if (Request.prototype !== app.request) {
      messageClasses(app, {
        IncomingMessage: Request,
        ServerResponse: response.constructor as typeof ServerResponse<IncomingMessage>,
      });
      // It gives each request an address, which Express would only let it read.
      Object.defineProperty(Request.prototype, 'ip', { writable: true });
    }
    endWhenDestroyed(response);
    app(request, response);
  },
});

/**
 * serverless-express keeps the whole response in memory, and waits for its end. A response that is too large anyway ends
 * when it has become so; one that is destroyed fails the invocation, since nothing of it has been sent.
 */
const endWhenDestroyed = (response: ServerResponse): void => {
  const { socket } = response;
  if (!socket) return;
  const write = socket.write.bind(socket) as (...parameters: unknown[]) => boolean;
  let bytes = 0;
  socket.write = (data: string | Uint8Array, ...rest: unknown[]) => {
    bytes += data.length;
    if (bytes > MAX_BYTES && !response.destroyed) response.destroy();
    return response.destroyed ? true : write(data, ...rest);
  };
  socket.destroy = (error) => {
    response.emit('close');
    if (bytes > MAX_BYTES) response.emit('finish');
    else response.emit('error', error ?? new Error('the response was cut off'));
    return socket;
  };
};
