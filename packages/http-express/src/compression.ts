import { constants } from 'node:zlib';
import compressionMiddleware from 'compression';
import type { RequestHandler } from 'express';

/** Bodies from this size on, in bytes: a smaller one fits into the packet that is sent anyway. */
const THRESHOLD = 1025;

/**
 * For routes whose answers can be large: br or gzip, as the client accepts, both at their lowest level. That leaves 4 to
 * 17 % of our bodies, which repeat themselves a lot (docs/performance.md); higher levels leave a little less for several
 * times the work, and Brotli's default takes seconds.
 */
export const compression: RequestHandler = compressionMiddleware({
  threshold: THRESHOLD,
  level: constants.Z_BEST_SPEED,
  brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } },
});
