import { brotliDecompressSync, gunzipSync } from 'node:zlib';

/** Decompresses a body and returns its text. */
export const decode = (body: Buffer, encoding: string | undefined): string => {
  if (body.length === 0 || encoding === undefined) return body.toString();
  if (encoding === 'br') return brotliDecompressSync(body).toString();
  if (encoding === 'gzip') return gunzipSync(body).toString();
  throw new Error(`the request did not accept the encoding ${encoding}`);
};
