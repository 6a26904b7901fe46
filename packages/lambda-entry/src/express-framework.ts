import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageClasses } from '@jobs-api/http-express';
import type { createApp } from '@jobs-api/http-express';

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
    app(request, response);
  },
});
