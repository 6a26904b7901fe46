import { Router, type RequestHandler } from 'express';
import helmet from 'helmet';
import { methodNotAllowed } from '../../response/errors.ts';
import { StaticBody } from '../../response/static-body.ts';
import { readAsset } from './assets.ts';
import { css, html, script } from './page.ts';

/** What a program that runs the service in its own process may put into `app.locals`. */
interface DocsLocals {
  /** Returns the token that the page begins with. Anyone who opens the page gets it: for sample data only. */
  readonly docsToken?: () => Promise<string>;
}

// A service without TLS of its own cannot say that the parts of the page are served over https:.
const pageHeaders = helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } });

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** `/docs`: Swagger UI on `/openapi.json`, with everything that it needs from here, for anyone. */
export const docsRoutes = (): Router => {
  const router = Router({ caseSensitive: true, strict: true });
  const add = (path: string, send: RequestHandler) =>
    router.route(path).get(pageHeaders, send).all(methodNotAllowed('GET, HEAD'));
  const addStatic = (path: string, type: string, read: () => Promise<Buffer>) => {
    const body = new StaticBody(type, read);
    add(path, (_req, res) => body.send(res));
  };

  addStatic('/docs', HTML, async () => Buffer.from(html));
  addStatic('/docs/page.css', CSS, async () => Buffer.from(css));
  addStatic('/docs/swagger-ui.css', CSS, () => readAsset('swagger-ui.css'));
  addStatic('/docs/swagger-ui-bundle.js', JAVASCRIPT, () => readAsset('swagger-ui-bundle.js'));
  add('/docs/start.js', async (req, res) => {
    const { docsToken } = req.app.locals as DocsLocals;
    const body = Buffer.from(script(await docsToken?.()));
    res.setHeader('Content-Type', JAVASCRIPT);
    res.setHeader('Content-Length', body.length);
    res.end(body);
  });
  return router;
};
