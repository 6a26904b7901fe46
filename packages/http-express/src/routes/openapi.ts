import type { Express } from 'express';
import { methodNotAllowed } from '../response/errors.ts';
import { sendJson } from '../response/json-response.ts';
import { openapi } from './openapi-document.ts';

/** Adds the document that describes this API, for anyone. */
export const addOpenapiRoute = (app: Express): void => {
  app
    .route('/openapi.json')
    .get((_req, res) => sendJson(res, openapi))
    .all(methodNotAllowed('GET, HEAD'));
};
