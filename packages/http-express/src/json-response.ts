import type { Response } from 'express';
import { compression, COMPRESSION_THRESHOLD } from './compression.ts';
import { jsonInPieces } from './json-pieces.ts';

/**
 * Answers with JSON, as `res.status(status).json(value)` would behind {@link compression}, without what that does for
 * nobody: no entity tag is made and no copy of the client's looked for, and compression is asked only about a large body
 * for a client that accepts some. The body is bytes from here on: Node would count those of a string, and copy it, when it
 * is written.
 */
export const sendJson = (res: Response, value: object, status = 200): void =>
  send(res, [Buffer.from(JSON.stringify(value))], status);

/** {@link sendJson} for values with thousands of links. */
export const sendLinks = (res: Response, value: object): void => send(res, jsonInPieces(value), 200);

const send = (res: Response, pieces: readonly Buffer[], status: number): void => {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', length);
  if (length < COMPRESSION_THRESHOLD || res.req.headers['accept-encoding'] === undefined) {
    for (const piece of pieces) res.write(piece);
    res.end();
  } else {
    // In one piece, of which more is repeated than of its parts.
    compression(res.req, res, () => res.end(Buffer.concat(pieces)));
  }
};
