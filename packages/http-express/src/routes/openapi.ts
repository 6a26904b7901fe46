import { Router } from 'express';
import { compression } from '../compression.ts';
import { methodNotAllowed } from '../error-response.ts';
import { openapi } from '../openapi.ts';

/** The document that describes this API, for anyone. */
export const openapiRoute = (): Router => {
  const router = Router({ caseSensitive: true, strict: true });
  router
    .route('/openapi.json')
    .get(compression, (_req, res) => void res.json(openapi))
    .all(methodNotAllowed('GET, HEAD'));
  return router;
};
