import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { brotliCompressSync, constants, createBrotliCompress, createGzip, gzipSync } from 'node:zlib';
import Negotiator from 'negotiator';

/** A content coding (RFC 9110, section 8.4). */
export interface ContentEncoding {
  /** Name in `Content-Encoding`. */
  readonly name: string;
  readonly compress: (body: Buffer) => Buffer;
  readonly createStream: () => Transform;
  /** Memory of one stream until it is destroyed, in bytes. Measured over 1,000 streams on Node 24. */
  readonly streamBytes: number;
}

// Level 1 does not find repetitions across the pieces of a stream, which makes the body three times as large. Higher levels
// take longer and save little, and a larger window takes more memory (docs/decisions/0013).
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 2, [constants.BROTLI_PARAM_LGWIN]: 18 } };
// Z_FILTERED ignores the short matches that occur by chance in signatures, which makes the body 3 % smaller.
const GZIP = { level: 4, strategy: constants.Z_FILTERED };

/** Order of preference, for a client without one. */
const ENCODINGS: readonly ContentEncoding[] = [
  {
    name: 'br',
    compress: (body) => brotliCompressSync(body, BROTLI),
    createStream: () => createBrotliCompress(BROTLI),
    streamBytes: 1_000_000,
  },
  {
    name: 'gzip',
    compress: (body) => gzipSync(body, GZIP),
    createStream: () => createGzip(GZIP),
    streamBytes: 300_000,
  },
];
const NAMES = ENCODINGS.map(({ name }) => name);

/** Minimum size of a body that is compressed, in bytes. A smaller one fits into one packet with its headers. */
export const COMPRESSION_THRESHOLD = 1_025;

/** Returns the encoding for a large body; `undefined` if the client accepts none. */
export const encodingFor = (request: IncomingMessage): ContentEncoding | undefined => {
  if (request.headers['accept-encoding'] === undefined) return undefined;
  const negotiator: PreferringNegotiator = new Negotiator(request);
  const name = negotiator.encoding(NAMES, { preferred: NAMES });
  return ENCODINGS.find((encoding) => encoding.name === name);
};

/** The option that @types/negotiator lacks. */
interface PreferringNegotiator {
  encoding(available: readonly string[], options: { readonly preferred: readonly string[] }): string | undefined;
}
