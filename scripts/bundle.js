// Bundles each entry point into one file that runs in a folder with nothing else in it.
import { build } from 'esbuild';

const entryPoints = [{ from: 'packages/http-express/src/server.ts', to: 'packages/http-express/dist/server.js' }];

for (const { from, to } of entryPoints) {
  const { metafile } = await build({
    entryPoints: [from],
    outfile: to,
    bundle: true,
    minify: true,
    sourcemap: true,
    metafile: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    conditions: ['source'],
    // What is CommonJS inside asks for Node's own modules by `require`, which an ES module does not have.
    banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
  });
  const bytes = metafile.outputs[to]?.bytes ?? 0;
  process.stdout.write(`${to}: ${(bytes / 1e6).toFixed(2)} MB\n`);
}
