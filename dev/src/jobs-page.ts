import { readFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface JobsPageOptions {
  /** Origin of the links of the API: the page shows files from there. */
  readonly filesOrigin: string;
  /** Users that can be chosen on the page, each with a valid token. */
  readonly users: () => Promise<readonly { readonly name: string; readonly token: string }[]>;
  /** Variables for other programs on the same table and bucket. */
  readonly environment: Readonly<Record<string, string>>;
}

const source = (name: string) => fileURLToPath(new URL(`../page/${name}`, import.meta.url));

/** Bundles a script when it is requested, so that `dev` starts sooner, and loading the page again shows an edit. */
const bundle = async (name: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [source(name)],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    conditions: ['source'],
    sourcemap: 'inline',
  });
  return outputFiles[0]?.text ?? '';
};

/** Returns assignments for the `eval` of a shell. The values are made by `dev` and have no quotes. */
const exportsOf = (environment: Readonly<Record<string, string>>): string =>
  Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('');

/** Serves the jobs page at `/` of a server. All other requests go to the listeners that the server already has. */
export const serveJobsPage = (server: Server, { filesOrigin, users, environment }: JobsPageOptions): void => {
  const files: Readonly<Record<string, readonly [type: string, content: () => Promise<string>]>> = {
    '/': ['text/html', () => readFile(source('index.html'), 'utf8')],
    '/page/style.css': ['text/css', () => readFile(source('style.css'), 'utf8')],
    '/page/main.js': ['text/javascript', () => bundle('main.ts')],
    '/page/users.json': ['application/json', async () => JSON.stringify(await users())],
    '/page/environment': ['text/plain', () => Promise.resolve(exportsOf(environment))],
  };
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src 'self' ${filesOrigin}`,
    `img-src data: ${filesOrigin}`,
    `media-src ${filesOrigin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

  const send = (response: ServerResponse, status: number, type: string, body: string) =>
    response
      .writeHead(status, {
        'Content-Type': `${type}; charset=utf-8`,
        'Content-Security-Policy': policy,
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
      })
      .end(body);

  const others = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage & { url: string }, response: ServerResponse) => {
    const [type, content] = files[request.url.split('?', 1)[0] ?? ''] ?? [];
    if (type === undefined || !content || (request.method !== 'GET' && request.method !== 'HEAD'))
      for (const listener of others) listener.call(server, request, response as never);
    else
      content().then(
        (body) => send(response, 200, type, body),
        (error: unknown) => send(response, 500, 'text/plain', String(error)),
      );
  });
};
