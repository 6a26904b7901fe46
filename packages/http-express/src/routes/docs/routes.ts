import { Router, type RequestHandler } from 'express';
import helmet from 'helmet';
import { methodNotAllowed } from '../../response/errors.ts';
import { StaticBody } from '../../response/static-body.ts';
import { readAsset } from './assets.ts';
import { css, html, script } from './page.ts';

/** Settings that a program can put into `app.locals` if it runs the service in its own process. */
interface DocsLocals {
  /** Returns a token that the page presets for every visitor: for sample data only. */
  readonly docsToken?: () => Promise<string>;
}

// The service itself may be reached over http:, so browsers must not upgrade the page's requests to https:.
const pageHeaders = helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } });

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** Returns the routes of `/docs`: Swagger UI for `/openapi.json`. All files come from this service. No token is needed. */
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
