import type { Express } from 'express';
import { methodNotAllowed } from '../response/errors.ts';
import { StaticBody } from '../response/static-body.ts';
import { openapi } from './openapi-document.ts';

/** Adds `/openapi.json`, which needs no token. */
export const addOpenapiRoute = (app: Express): void => {
  const body = new StaticBody('application/json; charset=utf-8', async () => Buffer.from(JSON.stringify(openapi)));
  app
    .route('/openapi.json')
    .get((_req, res) => body.send(res))
    .all(methodNotAllowed('GET, HEAD'));
};
