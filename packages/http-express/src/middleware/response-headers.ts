import { randomUUID } from 'node:crypto';
import type { Handler } from '../handler.ts';

/** A caller's own request id. */
export const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** What every answer carries. The request id is the caller's own where it can be trusted in a log, else a new one. */
export const commonHeaders = (requestId: unknown) => ({
  'X-Request-Id': typeof requestId === 'string' && REQUEST_ID.test(requestId) ? requestId : randomUUID(),
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // Nothing that we answer is to be shown in a page or as one; /docs, which is one, says what it needs instead.
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
});

export const responseHeaders: Handler = (req, res, next) => {
  const headers = commonHeaders(req.headers['x-request-id']);
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.locals.requestId = headers['X-Request-Id'];
  next();
};
