import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** Files of swagger-ui-dist. scripts/bundle.js replaces this module, in bundles, with one that contains them. */
export type AssetName = 'swagger-ui-bundle.js' | 'swagger-ui.css';

export const readAsset = (name: AssetName): Promise<Buffer> =>
  readFile(createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`));
