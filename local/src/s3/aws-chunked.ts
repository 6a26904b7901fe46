/**
 * The aws-chunked encoding, in which the SDK sends streams and appends checksums.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
 */
import { createHash } from 'node:crypto';
import { S3Error } from './s3-error.ts';
import type { Authorization } from './signature.ts';

const MIN_CHUNK_BYTES = 8192;
const MAX_LINE_BYTES = 4096;

/**
 * The payload, with its trailers put into `trailers` by lower-case name. With `verify` every chunk and the trailers must
 * be signed; a chunk is handed on before its signature is checked, so only a body that was read to its end is genuine.
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
  verify?: Authorization['verifyChunk'],
): AsyncGenerator<Buffer, void, undefined> {
  const input = new LineReader(source);
  try {
    yield* decodeChunks(input, verify);
    await readTrailers(input, trailers, verify);
  } finally {
    await input.close();
  }
}

async function* decodeChunks(input: LineReader, verify: Authorization['verifyChunk'] | undefined) {
  let sizeBefore = Infinity;
  for (;;) {
    const [, digits, signature] = /^([0-9a-f]{1,12})(?:;chunk-signature=(.*))?$/i.exec(await input.line()) ?? [];
    if (digits === undefined) throw new S3Error('InvalidRequest', 'The aws-chunked body is not well-formed');
    const size = parseInt(digits, 16);
    if (size > 0 && sizeBefore < MIN_CHUNK_BYTES) throw new S3Error('InvalidChunkSizeError');
    sizeBefore = size;

    const hash = createHash('sha256');
    for await (const data of input.bytes(size)) {
      if (verify !== undefined) hash.update(data);
      yield data;
    }
    verify?.('PAYLOAD', hash.digest('hex'), signature);
    if (size === 0) return;
    if ((await input.line()) !== '') throw new S3Error('InvalidRequest', 'A chunk is longer than it says');
  }
}

const readTrailers = async (
  input: LineReader,
  trailers: Map<string, string>,
  verify: Authorization['verifyChunk'] | undefined,
) => {
  for (let line = await input.line(); line !== ''; line = await input.line()) {
    const [name = '', value] = line.split(/:(.*)/s);
    if (value === undefined) throw new S3Error('MalformedTrailerError');
    trailers.set(name.trim().toLowerCase(), value.trim());
  }
  const signature = trailers.get('x-amz-trailer-signature');
  trailers.delete('x-amz-trailer-signature');
  if (verify !== undefined && trailers.size > 0) {
    const signed = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('');
    verify('TRAILER', createHash('sha256').update(signed).digest('hex'), signature);
  }
  if (!input.isEmpty) throw new S3Error('InvalidRequest', 'There is something after the end of the aws-chunked body');
};

class LineReader {
  readonly #source: AsyncIterator<Buffer>;
  #received: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Bytes that have arrived. */
  get isEmpty(): boolean {
    return this.#received.length === 0;
  }

  async line(): Promise<string> {
    let end;
    while ((end = this.#received.indexOf('\r\n')) === -1) {
      if (this.#received.length > MAX_LINE_BYTES) throw new S3Error('InvalidRequest', 'A line of the body is too long');
      await this.#receive();
    }
    return this.#take(end + 2).toString('latin1', 0, end);
  }

  async *bytes(count: number): AsyncGenerator<Buffer, void, undefined> {
    for (let left = count; left > 0;) {
      if (this.isEmpty) await this.#receive();
      const data = this.#take(left);
      left -= data.length;
      yield data;
    }
  }

  /** Closes the source, which may not have been read to its end. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #take(count: number): Buffer {
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(taken.length);
    return taken;
  }

  async #receive(): Promise<void> {
    const next = await this.#source.next();
    if (next.done === true) throw new S3Error('IncompleteBody');
    this.#received = this.isEmpty ? next.value : Buffer.concat([this.#received, next.value]);
  }
}
