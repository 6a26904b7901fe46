import corsMiddleware from 'cors';
import type { AppHandler } from '../handler.ts';

/** Allows pages of the given origins to call the API. An OPTIONS request that is not a preflight continues to the routes. */
export const cors = (origins: readonly string[]): AppHandler => {
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
