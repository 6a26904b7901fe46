import { fileURLToPath } from 'node:url';

/** What ships, as `pnpm bundle` makes it. */
export const SERVICE = fileURLToPath(new URL('../../packages/service-entry/dist/server.mjs', import.meta.url));
export const HANDLER = fileURLToPath(new URL('../../packages/lambda-entry/dist/handler.mjs', import.meta.url));
