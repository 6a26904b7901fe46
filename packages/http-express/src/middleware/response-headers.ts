import type { AppHandler } from '../handler.ts';
import { commonHeaders } from '../response/common-headers.ts';

/** Sets the headers of every response, including the request id. */
export const responseHeaders: AppHandler = (req, res, next) => {
  const headers = commonHeaders(req.headers['x-request-id']);
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.locals.requestId = headers['X-Request-Id'];
  next();
};
