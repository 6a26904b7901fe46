import { randomUUID } from 'node:crypto';

/** Request ids that are accepted from the caller. */
export const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Returns the headers of every response.
 *
 * @param requestId the caller's request id, which is used if it is well-formed
 */
export const commonHeaders = (requestId: unknown) => ({
  'X-Request-Id': typeof requestId === 'string' && REQUEST_ID.test(requestId) ? requestId : randomUUID(),
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // Responses are never pages or parts of pages. /docs is a page and replaces this header.
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
});
