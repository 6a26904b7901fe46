import { decode, type HttpResponse } from '@jobs-api/http-express/testing/contracts';
import { toClient } from './gateway-events.ts';

/** Returns what a client reads of the result of a function. */
export const responseOf = (result: unknown): HttpResponse => {
  const { body, ...response } = toClient(result);
  return { ...response, body: decode(body, response.headers['content-encoding']) };
};
