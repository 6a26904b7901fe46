import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { COMPRESSION_THRESHOLD, encodingFor, type ContentEncoding } from './encodings.ts';

/** A text in pieces that are made on demand. */
export type TextPieces = AsyncIterable<string>;

/** Bodies below this size, in characters, are sent as a whole with `Content-Length`. */
const WHOLE = 32 * 1024;
/** Size of the pieces in which a larger body is sent, in characters. A client that reads nothing costs a few of these. */
const PIECE = 32 * 1024;

export interface JsonStreamOptions {
  /** Resolves when the next piece may be made. */
  readonly takeTurn: () => Promise<void>;
  /** Returns whether memory for compressing the body is available; if not, the body is sent uncompressed. */
  readonly mayCompress: (bytes: number) => boolean;
}

/** Sends a small JSON body. */
export const sendJson = (res: ServerResponse, value: object, status = 200): void => {
  res.statusCode = status;
  sendWhole(res, JSON.stringify(value));
};

/**
 * Sends a JSON body that may be large, piece by piece, as fast as the client reads it. Returns when the last piece was
 * written or the client has disconnected. A small body is sent like that of {@link sendJson}.
 *
 * @throws the error of a piece that cannot be made; a response that has begun is then cut off
 */
export const streamJson = async (
  res: ServerResponse,
  pieces: TextPieces,
  options: JsonStreamOptions,
): Promise<void> => {
  const source = new TextReader(pieces);
  try {
    await source.fill(WHOLE);
    if (source.isOver) sendWhole(res, source.take());
    else await sendPieces(res, source, options);
  } finally {
    await source.close();
  }
};

/** Reads text in pieces of any size. */
class TextReader {
  readonly #pieces: AsyncIterator<string>;
  #text = '';
  isOver = false;

  constructor(pieces: TextPieces) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Reads until `length` characters are available or the text is over. */
  async fill(length: number): Promise<void> {
    while (this.#text.length < length && !this.isOver) {
      const next = await this.#pieces.next();
      if (next.done === true) this.isOver = true;
      else this.#text += next.value;
    }
  }

  /** Returns the available text and releases it, since the client may take minutes to read the rest. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}

const sendWhole = (res: ServerResponse, text: string): void => {
  const length = Buffer.byteLength(text);
  const encoding = length < COMPRESSION_THRESHOLD ? undefined : prepare(res);
  writeType(res, encoding);
  const encoded = encoding?.compress(Buffer.from(text));
  res.setHeader('Content-Length', encoded?.length ?? length);
  res.end(encoded ?? text);
};

const sendPieces = async (
  res: ServerResponse,
  source: TextReader,
  { takeTurn, mayCompress }: JsonStreamOptions,
): Promise<void> => {
  const accepted = prepare(res);
  const encoding = accepted && mayCompress(accepted.streamBytes) ? accepted : undefined;
  writeType(res, encoding);
  // GET has no Content-Length either: the body is made and compressed while it is sent.
  if (res.req.method === 'HEAD') {
    res.end();
    return;
  }
  const sink = encoding ? encodeInto(res, encoding) : res;
  try {
    do {
      // As bytes: Node reserves three times the length of a string that waits to be sent.
      if (!isTaken(sink.write(Buffer.from(source.take())))) await untilDrained(sink, res);
      if (res.destroyed) return;
      await takeTurn();
      await source.fill(PIECE);
    } while (!source.isOver);
    sink.end(Buffer.from(source.take()));
  } catch (error) {
    res.destroy();
    throw error;
  }
};

/** Returns the encoding of the body, and sets `Vary`. */
const prepare = (res: ServerResponse): ContentEncoding | undefined => {
  res.appendHeader('Vary', 'Accept-Encoding');
  return encodingFor(res.req);
};

const writeType = (res: ServerResponse, encoding: ContentEncoding | undefined): void => {
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  if (encoding) res.setHeader('Content-Encoding', encoding.name);
};

const encodeInto = (res: ServerResponse, encoding: ContentEncoding): Writable => {
  const encoder = encoding.createStream();
  res.once('close', () => encoder.destroy());
  encoder.pipe(res);
  return encoder;
};

/** `write` of serverless-express, which keeps the response in memory, returns `undefined` in place of `true`. */
const isTaken = (returned: boolean | undefined): boolean => returned ?? true;

/** Resolves when `sink` can take more or the client has disconnected. */
const untilDrained = (sink: Writable | ServerResponse, res: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      sink.off('drain', done);
      res.off('close', done);
      resolve();
    };
    sink.on('drain', done);
    res.on('close', done);
    if (res.destroyed) done();
  });
