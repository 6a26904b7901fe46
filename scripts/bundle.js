// Bundles each entry point into one file that runs in a folder with nothing else in it, and the Lambda's into a zip as
// well. The same sources give the same bytes. `--into DIR` puts everything there instead of into the packages.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { zipSync } from 'fflate';

const SERVICE = 'packages/service-entry/dist/server.mjs';
const HANDLER = 'packages/lambda-entry/dist/handler.mjs';
const ZIP = 'packages/lambda-entry/dist/jobs-api-lambda.zip';

/** What is loaded and never used. */
const UNUSED_PACKAGES = ['body-parser', 'bowser', 'debug', 'qs', 'send', 'serve-static', 'thread-stream'];
/** Credentials of somebody who has signed in, which a function is not. */
const UNUSED_BY_LAMBDA = ['@aws-sdk/credential-provider-login', '@aws-sdk/credential-provider-sso'];
const UNUSED = join(import.meta.dirname, 'unused.cjs');

/** The earliest time that a zip can hold: one of its own each time would make every zip another. */
const ZIP_TIME = new Date(1980, 0, 1);

const { into = '.' } = parseArgs({ options: { into: { type: 'string' } } }).values;

/** Of the packages, which are all of one version. */
const { version } = JSON.parse(await readFile('packages/http-express/package.json', 'utf8'));

/** @param {string} file @param {number} bytes */
const report = (file, bytes) => process.stdout.write(`${file}: ${(bytes / 1e6).toFixed(2)} MB\n`);

/**
 * In place of the module that reads the files of /docs from node_modules, one that holds them.
 * @type {import('esbuild').Plugin}
 */
const embedDocs = {
  name: 'embed-docs',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[/\\]docs[/\\]assets\.ts$/ }, async ({ path }) => {
      const { resolve } = createRequire(path);
      const embed = async (/** @type {string} */ name) => {
        const content = await readFile(resolve(`swagger-ui-dist/${name}`));
        // Close to the best level, which takes seconds.
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

/** What our answers, and those of Express itself, are made of. */
const TYPES = [
  'application/json',
  'text/html',
  'text/css',
  'text/javascript',
  'text/plain',
  'application/octet-stream',
];

/**
 * Of mime-db's 2,500 types, in which Express looks for one, those that there can be: an eighth of the Lambda's code.
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
 * Names of properties for the constants that hold them, in what the SDK says operations take and give: where a name has to
 * be worked out, the bundler keeps what nobody uses, lest that have an effect.
 * @type {import('esbuild').Plugin}
 */
const plainNames = {
  name: 'plain-names',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[/\\]dist-es[/\\].*schemas_0\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const names = new Map(
        Array.from(source.matchAll(/^const (\w+) = (".*");$/gm), ([, name, value]) => [name, value]),
      );
      const contents = source.replaceAll(/\[(\w+)\]:/g, (key, name) => (names.has(name) ? `${names.get(name)}:` : key));
      return { contents, loader: 'js' };
    }),
};

/**
 * In one file nothing is gained by importing late what the SDK needs for some kinds of credentials only: all that is
 * imported there in turn, which is half of the SDK, would be wrapped in functions, and read twice by V8.
 * @type {import('esbuild').Plugin}
 */
const earlyImports = {
  name: 'early-imports',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[/\\]dist-es[/\\].*\.js$/ }, async ({ path }) => {
      /** @type {string[]} */
      const imports = [];
      const source = await readFile(path, 'utf8');
      const rest = source.replaceAll(/const (\{.+\}) = await import\((".+")\);/g, (_, names, from) => {
        imports.push(`import ${names} from ${from};`);
        return '';
      });
      return imports.length > 0 ? { contents: [...imports, rest].join('\n'), loader: 'js' } : undefined;
    }),
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
    conditions: ['source', 'module'], // whoever names one has to name esbuild's own, too
    plugins: [embedDocs, fewTypes, plainNames, earlyImports],
    define: { JOBS_API_VERSION: JSON.stringify(version) },
    alias: Object.fromEntries(unused.map((name) => [name, UNUSED])),
    // What is CommonJS inside asks for Node's own modules by `require`, which an ES module does not have. Of names this
    // long there is no other: the bundler makes shorter ones, and does not see these.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  for (const [file, { bytes }] of Object.entries(metafile.outputs)) if (!file.endsWith('.map')) report(to, bytes);
};

await bundle('packages/service-entry/src/main.ts', SERVICE, UNUSED_PACKAGES);
await bundle('packages/lambda-entry/src/handler.ts', HANDLER, [...UNUSED_PACKAGES, ...UNUSED_BY_LAMBDA]);

const handler = await readFile(join(into, HANDLER));
const zip = zipSync({ 'handler.mjs': handler }, { level: 9, mtime: ZIP_TIME });
await mkdir(dirname(join(into, ZIP)), { recursive: true });
await writeFile(join(into, ZIP), zip);
report(ZIP, zip.length);
