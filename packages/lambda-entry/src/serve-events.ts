import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { configure } from '@vendia/serverless-express';
import type { Context } from 'aws-lambda';
import { readHttpEvent, type HttpEvent, type ResponseValues } from './event.ts';
import { invocation } from './invocation.ts';
import { ResultSize, tooLarge } from './response-size.ts';

/** A request and its response, created by serverless-express. `locals` is added by Express. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse & { locals?: { error?: unknown } };
}

/** @param logError logs an error that fails the invocation; must not throw */
export const serveEvents = (
  app: RequestListener,
  logError: (error: unknown) => void,
): ((event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>) => Promise<object>) => {
  const ignore = () => undefined;
  const serve = configure<HttpEvent, object>({
    app,
    framework: { sendRequest: (exchange: Exchange) => sendRequest(app, exchange) },
    // A name that the library does not know: unexpected errors then fail the invocation, which alarms can see.
    eventSourceName: 'HTTP',
    eventSource: {
      getRequest: ({ event }: { event: HttpEvent }) => event.request,
      getResponse: ({ event, statusCode, headers, body, isBase64Encoded }: ResponseValues & { event: HttpEvent }) => {
        const response = { statusCode, headers, body, isBase64Encoded };
        return event.toResult(statusCode === 413 ? tooLarge(response) : response);
      },
    },
    // The library's own log has several lines per error and does not redact secrets.
    log: {
      error: (_message, error) => logError(error),
      warn: ignore,
      info: ignore,
      verbose: ignore,
      debug: ignore,
    },
  });
  return async (event, context) => {
    const httpEvent = readHttpEvent(event);
    const { maxResultBytes } = httpEvent;
    const serveOne = () => serve(httpEvent, context as Context, ignore) as Promise<object>;
    return invocation.run({ event, context, maxResultBytes }, serveOne);
  };
};

/**
 * Passes a request to the app. serverless-express keeps the whole response in memory and waits for its end. A response that
 * grows too large for a result gets the status 413 and is finished at once, so that the log and the caller see the same
 * status. A response that is destroyed fails the invocation, since nothing of it has been sent.
 */
const sendRequest = (app: RequestListener, { request, response }: Exchange): void => {
  const { socket } = response;
  if (!socket) throw new Error('serverless-express gave the response no socket');
  const limit = invocation.getStore()?.maxResultBytes ?? Infinity;
  const size = new ResultSize(limit);
  const write = socket.write.bind(socket) as (...parameters: unknown[]) => boolean;
  socket.write = (data: string | Uint8Array, ...rest: unknown[]) => {
    size.add(data, response);
    if (size.isTooLarge && !response.destroyed) {
      response.statusCode = 413;
      if (response.locals) response.locals.error = new Error(`the response does not fit into ${limit} bytes`);
      response.destroy();
    }
    return response.destroyed || write(data, ...rest);
  };
  socket.destroy = (error) => {
    if (size.isTooLarge) response.emit('finish');
    response.emit('close');
    if (!size.isTooLarge) response.emit('error', error ?? new Error('the response was cut off'));
    return socket;
  };
  app(request, response);
};
