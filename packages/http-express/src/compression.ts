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
 * Answers with JSON, as {@link compression} and `res.json` would for every request. Only a body that is large is shown to
 * the one; the other also looks for an entity tag and whether the client's copy is fresh. Together that is half of the
 * time of a small request.
 */
export const sendJson = (res: Response, value: object): void => {
  const body = JSON.stringify(value);
  const bytes = Buffer.byteLength(body);
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', bytes);
  if (bytes < THRESHOLD) res.end(body);
  else compression(res.req, res, () => res.end(body));
};
