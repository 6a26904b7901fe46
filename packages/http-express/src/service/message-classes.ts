import { IncomingMessage, ServerResponse } from 'node:http';
import type { Express } from 'express';

/** What the requests and responses of a server are made of; as such, options of `createServer`. */
export interface MessageClasses {
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse<IncomingMessage>;
}

/**
 * Classes of messages that have what Express adds to them. From other classes, Express makes what it needs by changing the
 * prototype of every request and every response; V8 before that of Node 24 then finds no property of theirs where it found
 * it the last time, which is half of the work for a small request.
 *
 * @param classes of messages for this app alone, to be changed; default: new ones
 */
export const messageClasses = (app: Express, classes: MessageClasses = newClasses()): MessageClasses => {
  const { IncomingMessage: Request, ServerResponse: Response } = classes;
  Object.setPrototypeOf(Request.prototype, app.request);
  Object.setPrototypeOf(Response.prototype, app.response);
  // Whatever has these prototypes, Express leaves as it is.
  app.request = Request.prototype as typeof app.request;
  app.response = Response.prototype as typeof app.response;
  return classes;
};

const newClasses = (): MessageClasses => ({
  IncomingMessage: class extends IncomingMessage {},
  ServerResponse: class extends ServerResponse {},
});
