import { randomUUID } from 'node:crypto';

/** A request id that the caller may choose: one that cannot be mistaken for anything else in a log. */
export const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Returns the headers of every response.
 *
 * @param requestId the caller's own, which is used if it is well-formed
 */
export const commonHeaders = (requestId: unknown) => ({
  'X-Request-Id': typeof requestId === 'string' && REQUEST_ID.test(requestId) ? requestId : randomUUID(),
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // No response is a page or part of one. /docs, which is a page, replaces this header.
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
});
