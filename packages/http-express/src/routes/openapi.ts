import type { Express } from 'express';
import { compression } from '../compression.ts';
import { methodNotAllowed } from '../error-response.ts';
import { openapi } from '../openapi.ts';

/** Adds the document that describes this API, for anyone. */
export const addOpenapiRoute = (app: Express): void => {
  app
    .route('/openapi.json')
    .get(compression, (_req, res) => void res.json(openapi))
    .all(methodNotAllowed('GET, HEAD'));
};
