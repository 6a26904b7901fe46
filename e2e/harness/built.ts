import { fileURLToPath } from 'node:url';

/** Bundles that `pnpm bundle` makes and that are shipped. */
export const SERVICE = fileURLToPath(new URL('../../packages/service-entry/dist/server.mjs', import.meta.url));
export const HANDLER = fileURLToPath(new URL('../../packages/lambda-entry/dist/handler.mjs', import.meta.url));
