// Bundles each entry point into one file that runs in an empty folder, and the Lambda's into a zip as
// well. The same sources give the same bytes. `--into DIR` puts everything there instead of into the packages.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { zipSync } from 'fflate';

const SERVICE = 'packages/service-entry/dist/server.mjs';
const HANDLER = 'packages/lambda-entry/dist/handler.mjs';
const ORPHANS = 'packages/lambda-entry/dist/orphans.mjs';
const ZIP = 'packages/lambda-entry/dist/jobs-api-lambda.zip';
const ORPHANS_ZIP = 'packages/lambda-entry/dist/jobs-api-orphans.zip';

/** Packages that are loaded and never used. */
const UNUSED_PACKAGES = ['body-parser', 'bowser', 'debug', 'qs', 'send', 'serve-static', 'thread-stream'];
/** Credentials of a person who has signed in, which a function does not have. */
const UNUSED_BY_LAMBDA = ['@aws-sdk/credential-provider-login', '@aws-sdk/credential-provider-sso'];
const UNUSED = join(import.meta.dirname, 'unused.cjs');

/** Earliest time that a zip can hold. The current time would make every zip different. */
const ZIP_TIME = new Date(1980, 0, 1);

const { into = '.' } = parseArgs({ options: { into: { type: 'string' } } }).values;

/** All packages have the same version. */
const { version } = JSON.parse(await readFile('packages/http-express/package.json', 'utf8'));

/** @param {string} file @param {number} bytes */
const report = (file, bytes) => process.stdout.write(`${file}: ${(bytes / 1e6).toFixed(2)} MB\n`);

/**
 * Replaces the module that reads the files of /docs from node_modules with one that contains them.
 * @type {import('esbuild').Plugin}
 */
const embedDocs = {
  name: 'embed-docs',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[/\\]docs[/\\]assets\.ts$/ }, async ({ path }) => {
      const { resolve } = createRequire(path);
      const embed = async (/** @type {string} */ name) => {
        const content = await readFile(resolve(`swagger-ui-dist/${name}`));
        // Almost as small as with the best level, which takes seconds.
        const compressed = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
        return [name, compressed.toString('base64')];
      };
      const files = Object.fromEntries(await Promise.all(['swagger-ui-bundle.js', 'swagger-ui.css'].map(embed)));
      const contents = `
        import { promisify } from 'node:util';
        import { brotliDecompress } from 'node:zlib';
        const files = ${JSON.stringify(files)};
        export const readAsset = (name) => promisify(brotliDecompress)(Buffer.from(files[name], 'base64'));`;
      return { contents, loader: 'js' };
    }),
};

/** Content types of our responses and of Express's own. */
const TYPES = [
  'application/json',
  'text/html',
  'text/css',
  'text/javascript',
  'text/plain',
  'application/octet-stream',
];

/**
 * Keeps only these types of mime-db's 2,500: an eighth of the Lambda's code, and of the CPU of its cold start.
 * @type {import('esbuild').Plugin}
 */
const fewTypes = {
  name: 'few-types',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[/\\]mime-db[/\\]db\.json$/ }, async ({ path }) => {
      const types = JSON.parse(await readFile(path, 'utf8'));
      const contents = JSON.stringify(Object.fromEntries(TYPES.map((type) => [type, types[type]])));
      return { contents, loader: 'json' };
    }),
};

/**
 * Loads Node's own modules by `require`. An `import` of `node:http` reads all of its exports, and one of them loads undici:
 * a tenth of the CPU of a cold start on Node 24 (docs/decisions/0012-cold-start.md). It can go when Node reads exports
 * lazily.
 * @type {import('esbuild').Plugin}
 */
const requireBuiltins = {
  name: 'require-builtins',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?[a-z_]+(\/[a-z]+)?$/ }, ({ path, kind, namespace }) => {
      const isImport = kind !== 'require-call' && namespace !== 'builtin';
      return isImport && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }));
  },
};

/** @param {string} from @param {string} to @param {string[]} unused packages */
const bundle = async (from, to, unused) => {
  const { metafile } = await build({
    entryPoints: [from],
    outfile: join(into, to),
    bundle: true,
    minify: true,
    sourcemap: true,
    metafile: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    conditions: ['source', 'module'], // 'module' is esbuild's default, which a list replaces
    plugins: [embedDocs, fewTypes, requireBuiltins],
    define: { JOBS_API_VERSION: JSON.stringify(version) },
    alias: Object.fromEntries(unused.map((name) => [name, UNUSED])),
    // CommonJS code in the bundle calls `require`, which an ES module does not have. The bundler does not see these names, and
    // makes shorter ones.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  for (const [file, { bytes }] of Object.entries(metafile.outputs)) if (!file.endsWith('.map')) report(to, bytes);
};

await bundle('packages/service-entry/src/main.ts', SERVICE, UNUSED_PACKAGES);
await bundle('packages/lambda-entry/src/handler.ts', HANDLER, [...UNUSED_PACKAGES, ...UNUSED_BY_LAMBDA]);

await bundle('packages/lambda-entry/src/orphans.ts', ORPHANS, [...UNUSED_PACKAGES, ...UNUSED_BY_LAMBDA]);

/** @param {string} file @param {string} to */
const zip = async (file, to) => {
  const zipped = zipSync({ [basename(file)]: await readFile(join(into, file)) }, { level: 9, mtime: ZIP_TIME });
  await mkdir(dirname(join(into, to)), { recursive: true });
  await writeFile(join(into, to), zipped);
  report(to, zipped.length);
};

await zip(HANDLER, ZIP);
await zip(ORPHANS, ORPHANS_ZIP);
