import { brotliDecompressSync, gunzipSync } from 'node:zlib';

/** The text of a body, from the form in which it was sent. */
export const decode = (body: Buffer, encoding: string | undefined): string => {
  if (body.length === 0 || encoding === undefined) return body.toString();
  if (encoding === 'br') return brotliDecompressSync(body).toString();
  if (encoding === 'gzip') return gunzipSync(body).toString();
  throw new Error(`nobody asked for the encoding ${encoding}`);
};
