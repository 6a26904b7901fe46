import { constants } from 'node:zlib';
import compressionMiddleware from 'compression';
import type { RequestHandler, Response } from 'express';

/** Bodies from this size on, in bytes: a smaller one fits into the packet that is sent anyway. */
const THRESHOLD = 1025;

/**
 * br or gzip, as the client accepts, both at their lowest level. That leaves 4 to 17 % of our bodies, which repeat
 * themselves a lot (docs/performance.md); higher levels leave a little less for several times the work, and Brotli's
 * default takes seconds.
 */
export const compression: RequestHandler = compressionMiddleware({
  threshold: THRESHOLD,
  level: constants.Z_BEST_SPEED,
  brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } },
});

/**
 * Answers with JSON, as {@link compression} and `res.json` would, without what they do for every request: the one is asked
 * only about a large body for a client that accepts some encoding, the other would look for an entity tag and whether the
 * client's copy is fresh.
 */
export const sendJson = (res: Response, value: object): void => {
  const body = JSON.stringify(value);
  const bytes = Buffer.byteLength(body);
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', bytes);
  if (bytes < THRESHOLD || res.req.headers['accept-encoding'] === undefined) res.end(body);
  else compression(res.req, res, () => res.end(body));
};
