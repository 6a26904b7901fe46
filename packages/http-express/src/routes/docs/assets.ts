import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** The files of swagger-ui-dist that the page needs. scripts/bundle.js puts them, compressed, in the place of this module. */
export type AssetName = 'swagger-ui-bundle.js' | 'swagger-ui.css';

export const readAsset = (name: AssetName): Promise<Buffer> =>
  readFile(createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`));
