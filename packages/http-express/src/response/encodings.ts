import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { brotliCompressSync, constants, createBrotliCompress, createGzip, gzipSync } from 'node:zlib';
import Negotiator from 'negotiator';

/** One way to compress a body (RFC 9110, section 8.4). */
export interface Encoding {
  /** As in `Content-Encoding`. */
  readonly name: string;
  readonly compress: (body: Buffer) => Buffer;
  readonly createStream: () => Transform;
  /** Memory that such a stream holds until it is destroyed, in bytes: measured over 1,000 streams on Node 24. */
  readonly streamBytes: number;
}

// Our bodies repeat themselves: higher levels leave a little less and take several times as long (docs/performance.md).
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
// The signatures in links repeat nothing but by chance. Z_FILTERED passes over such short repetitions, which saves 3 %.
const GZIP = { level: 4, strategy: constants.Z_FILTERED };

/** In the order in which they are preferred if the client has no preference. */
const ENCODINGS: readonly Encoding[] = [
  {
    name: 'br',
    compress: (body) => brotliCompressSync(body, BROTLI),
    createStream: () => createBrotliCompress(BROTLI),
    streamBytes: 1_400_000,
  },
  {
    name: 'gzip',
    compress: (body) => gzipSync(body, GZIP),
    createStream: () => createGzip(GZIP),
    streamBytes: 300_000,
  },
];
const NAMES = ENCODINGS.map(({ name }) => name);

/** Bodies from this size on are compressed, in bytes: a smaller one fits into the packet that is sent anyway. */
export const COMPRESSION_THRESHOLD = 1_025;

/** Returns what a large body of the response is to be compressed with; `undefined` if the client accepts nothing of it. */
export const encodingFor = (request: IncomingMessage): Encoding | undefined => {
  if (request.headers['accept-encoding'] === undefined) return undefined;
  const negotiator: PreferringNegotiator = new Negotiator(request);
  const name = negotiator.encoding(NAMES, { preferred: NAMES });
  return ENCODINGS.find((encoding) => encoding.name === name);
};

/** What @types/negotiator does not know of yet. */
interface PreferringNegotiator {
  encoding(available: readonly string[], options: { readonly preferred: readonly string[] }): string | undefined;
}
