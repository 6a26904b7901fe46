import { constants } from 'node:zlib';
import compressionMiddleware from 'compression';
import type { RequestHandler } from 'express';

/** Bodies from this size on are compressed, in bytes: a smaller one fits into the packet that is sent anyway. */
export const COMPRESSION_THRESHOLD = 1025;

/**
 * br or gzip, as the client accepts, at levels that measurement 8 chose (docs/performance.md): our bodies repeat themselves
 * a lot, so that higher ones leave a little less for several times the work, and Brotli's default takes seconds. gzip is
 * told to pass over short repetitions, which there are by chance in signatures: it costs nothing, and leaves 3 % less.
 */
export const compression: RequestHandler = compressionMiddleware({
  threshold: COMPRESSION_THRESHOLD,
  level: 4,
  strategy: constants.Z_FILTERED,
  brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } },
});
