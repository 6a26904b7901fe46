import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { COMPRESSION_THRESHOLD, encodingFor, type Encoding } from './encodings.ts';

/** Text in pieces that are made when they are asked for. */
export type Pieces = AsyncIterable<string>;

/** A body below this size, in characters, is sent as a whole, with its length. */
const WHOLE = 32 * 1024;
/** What is made and sent of a larger body at a time, in characters. A client that reads nothing holds some of these. */
const PIECE = 16 * 1024;

export interface StreamOptions {
  /** Resolves when the next piece may be made. */
  readonly takeTurn: () => Promise<void>;
  /** Whether the memory that compressing a stream takes is available; if not, the body is sent as it is. */
  readonly mayCompress: (bytes: number) => boolean;
}

/** Sends a small JSON body. */
export const sendJson = (res: ServerResponse, value: object, status = 200): void => {
  res.statusCode = status;
  sendWhole(res, JSON.stringify(value));
};

/**
 * Sends a JSON body that may be large, piece by piece, as fast as the client takes it. Returns when the last piece was
 * written or the client has disconnected. A body that turns out to be small is sent as {@link sendJson} sends it.
 *
 * @throws what making a piece throws; the response is then cut off if it has begun
 */
export const streamJson = async (res: ServerResponse, pieces: Pieces, options: StreamOptions): Promise<void> => {
  const source = new TextReader(pieces);
  try {
    await source.fill(WHOLE);
    if (source.isOver) sendWhole(res, source.take());
    else await sendPieces(res, source, options);
  } finally {
    await source.close();
  }
};

/** Reads text that comes in pieces of any size. */
class TextReader {
  readonly #pieces: AsyncIterator<string>;
  #text = '';
  isOver = false;

  constructor(pieces: Pieces) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Reads until there are so many characters to take, or no more to come. */
  async fill(length: number): Promise<void> {
    while (this.#text.length < length && !this.isOver) {
      const next = await this.#pieces.next();
      if (next.done === true) this.isOver = true;
      else this.#text += next.value;
    }
  }

  /** Returns what has been read, and does not keep it: a client may take minutes to read what follows. */
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
  { takeTurn, mayCompress }: StreamOptions,
): Promise<void> => {
  const accepted = prepare(res);
  const encoding = accepted && mayCompress(accepted.streamBytes) ? accepted : undefined;
  writeType(res, encoding);
  // The length is unknown for a GET as well: the body is compressed, and its links are signed, while it is written.
  if (res.req.method === 'HEAD') {
    res.end();
    return;
  }
  const sink = encoding ? encodeInto(res, encoding) : res;
  try {
    do {
      // As bytes: for a string that waits to be sent, Node reserves three times its length.
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

/** Returns what the body is to be compressed with, and says so to caches. */
const prepare = (res: ServerResponse): Encoding | undefined => {
  res.appendHeader('Vary', 'Accept-Encoding');
  return encodingFor(res.req);
};

const writeType = (res: ServerResponse, encoding: Encoding | undefined): void => {
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  if (encoding) res.setHeader('Content-Encoding', encoding.name);
};

const encodeInto = (res: ServerResponse, encoding: Encoding): Writable => {
  const encoder = encoding.createStream();
  res.once('close', () => encoder.destroy());
  encoder.pipe(res);
  return encoder;
};

/** serverless-express, which keeps the whole response in memory, returns nothing where Node returns `true`. */
const isTaken = (returned: boolean | undefined): boolean => returned ?? true;

/** Resolves when `sink` takes more, or when the client has disconnected. */
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
