// Bundles each entry point into one file that runs in a folder with nothing else in it, and the Lambda's into a zip as
// well. The same sources give the same bytes. `--into DIR` puts everything there instead of into the packages.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { zipSync } from 'fflate';

const SERVICE = 'packages/http-express/dist/server.js';
const NO_BODY_PARSER = join(import.meta.dirname, 'no-body-parser.cjs');
const HANDLER = 'packages/lambda-entry/dist/handler.mjs';
const ZIP = 'packages/lambda-entry/dist/jobs-api-lambda.zip';

/** The earliest time that a zip can hold: one of its own each time would make every zip another. */
const ZIP_TIME = new Date(1980, 0, 1);

const { into = '.' } = parseArgs({ options: { into: { type: 'string' } } }).values;

/** @param {string} file @param {number} bytes */
const report = (file, bytes) => process.stdout.write(`${file}: ${(bytes / 1e6).toFixed(2)} MB\n`);

/** @param {string} from @param {string} to */
const bundle = async (from, to) => {
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
    conditions: ['source'],
    alias: { 'body-parser': NO_BODY_PARSER },
    // What is CommonJS inside asks for Node's own modules by `require`, which an ES module does not have.
    banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
  });
  for (const [file, { bytes }] of Object.entries(metafile.outputs)) if (!file.endsWith('.map')) report(to, bytes);
};

await bundle('packages/http-express/src/server.ts', SERVICE);
await bundle('packages/lambda-entry/src/handler.ts', HANDLER);

const handler = await readFile(join(into, HANDLER));
const zip = zipSync({ 'handler.mjs': handler }, { level: 9, mtime: ZIP_TIME });
await mkdir(dirname(join(into, ZIP)), { recursive: true });
await writeFile(join(into, ZIP), zip);
report(ZIP, zip.length);
