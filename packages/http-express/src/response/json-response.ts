import type { Response } from 'express';
import { compression, COMPRESSION_THRESHOLD } from './compression.ts';
import { jsonInPieces } from './json-pieces.ts';

/**
 * Answers with JSON, as `res.status(status).json(value)` would behind {@link compression}, without what that does for
 * nobody: no entity tag is made and no copy of the client's looked for, compression is asked only about a large body for a
 * client that accepts some, and what is not compressed leaves in pieces.
 */
export const sendJson = (res: Response, value: object, status = 200): void => {
  const pieces = jsonInPieces(value);
  const length = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', length);
  if (length < COMPRESSION_THRESHOLD || res.req.headers['accept-encoding'] === undefined) {
    for (const piece of pieces) res.write(piece);
    res.end();
  } else {
    // In one piece, of which more is repeated than of its parts.
    const body = Buffer.allocUnsafe(length);
    let end = 0;
    for (const piece of pieces) end += typeof piece === 'string' ? body.write(piece, end) : piece.copy(body, end);
    compression(res.req, res, () => res.end(body));
  }
};
