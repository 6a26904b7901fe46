import corsMiddleware from 'cors';
import type { Handler } from '../handler.ts';

/** Lets pages of the given origins call this API. Only a preflight is answered here: a bare OPTIONS has no route. */
export const cors = (origins: readonly string[]): Handler => {
  const allow = corsMiddleware({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'DELETE'],
    allowedHeaders: ['Authorization', 'X-Request-Id'],
    exposedHeaders: ['X-Request-Id', 'Retry-After', 'WWW-Authenticate'],
    maxAge: 600,
  });
  return (req, res, next) => {
    const isPreflight = req.headers['access-control-request-method'] !== undefined;
    if (req.method === 'OPTIONS' && !isPreflight) next();
    else allow(req, res, next);
  };
};
