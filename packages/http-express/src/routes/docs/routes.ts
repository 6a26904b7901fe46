import { Router } from 'express';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { compression } from '../../response/compression.ts';
import { methodNotAllowed } from '../../response/errors.ts';
import { readAsset } from './assets.ts';
import { css, html, script } from './page.ts';

/** What a program that runs the service in its own process may leave in `app.locals`. */
interface DocsLocals {
  /** The token that the page begins with. Anyone who opens the page gets it: for sample data only. */
  readonly docsToken?: () => Promise<string>;
}

// A service without TLS of its own cannot say that the page's parts are to be had by https:.
const pageHeaders = helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } });

/** `/docs`: Swagger UI on `/openapi.json`, with everything that it needs from here, for anyone. */
export const docsRoutes = (): Router => {
  const router = Router({ caseSensitive: true, strict: true });
  const get = (path: string, type: string, content: (locals: DocsLocals) => string | Promise<string | Buffer>) => {
    const answer: RequestHandler = async (req, res) =>
      void res.type(type).send(await content(req.app.locals as DocsLocals));
    router.route(path).get(pageHeaders, compression, answer).all(methodNotAllowed('GET, HEAD'));
  };

  get('/docs', 'html', () => html);
  get('/docs/page.css', 'css', () => css);
  get('/docs/start.js', 'js', async ({ docsToken }) => script(await docsToken?.()));
  get('/docs/swagger-ui.css', 'css', () => readAsset('swagger-ui.css'));
  get('/docs/swagger-ui-bundle.js', 'js', () => readAsset('swagger-ui-bundle.js'));
  return router;
};
