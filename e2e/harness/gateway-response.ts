import { decode, type HttpResponse } from '@jobs-api/http-express/testing/contracts';
import { toClient } from './gateway-events.ts';

/** Returns the response that a client receives for the result of a function, with its body decoded. */
export const responseOf = (result: unknown): HttpResponse => {
  const { body, ...response } = toClient(result);
  return { ...response, body: decode(body, response.headers['content-encoding']) };
};
