import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { decodeAwsChunked } from './aws-chunked.ts';
import { S3Error } from './s3-error.ts';
import type { Authorization } from './signature.ts';

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

interface Digest {
  update(chunk: Buffer): unknown;
  digest(encoding: 'base64' | 'hex'): string;
}

const createCrc32 = (): Digest => {
  let value = 0;
  return {
    update: (chunk) => (value = crc32(chunk, value)),
    digest: (encoding) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]).toString(encoding),
  };
};

/** Checksums that are verified. Node cannot calculate the others of S3 (crc32c, crc64nvme, …). */
export const CHECKSUMS: ReadonlyMap<string, () => Digest> = new Map([
  ['x-amz-checksum-crc32', createCrc32],
  ['x-amz-checksum-sha1', () => createHash('sha1')],
  ['x-amz-checksum-sha256', () => createHash('sha256')],
]);

/**
 * Decodes the body of a request and verifies it against its headers and trailers. The body is read once, in
 * pieces. Only an iteration that ended without an error has read what was sent: keep nothing of any other.
 */
export class RequestBody implements AsyncIterable<Buffer> {
  readonly #source: AsyncIterable<Buffer>;
  readonly #headers: ReadonlyMap<string, string>;
  readonly #authorization: Authorization;
  /** Hexadecimal. Known when the body has been read, as is `checksum`. */
  md5 = '';
  /** The verified `x-amz-checksum-…` header or trailer, if the sender gave one. */
  checksum: Readonly<Record<string, string>> = {};

  constructor(source: AsyncIterable<Buffer>, headers: ReadonlyMap<string, string>, authorization: Authorization) {
    this.#source = source;
    this.#headers = headers;
    this.#authorization = authorization;
  }

  /** Whether the sender lets us find out that the body is damaged. */
  get isProtected(): boolean {
    return this.#headers.has('content-md5') || this.#checksumName() !== undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    const trailers = new Map<string, string>();
    const { payloadHash } = this.#authorization;
    const checksumName = this.#checksumName();
    const checksum = CHECKSUMS.get(checksumName ?? '')?.();
    const md5 = createHash('md5');
    const sha256 = /^[0-9a-f]{64}$/.test(payloadHash) ? createHash('sha256') : undefined;
    let size = 0;

    for await (const chunk of this.#decoded(trailers)) {
      size += chunk.length;
      for (const digest of [md5, sha256, checksum]) digest?.update(chunk);
      yield chunk;
    }

    if (payloadHash.startsWith('STREAMING-') && String(size) !== this.#headers.get('x-amz-decoded-content-length')) {
      throw new S3Error('IncompleteBody');
    }
    if (sha256 !== undefined) this.#checkPayloadHash(sha256.digest('hex'));
    this.md5 = md5.digest('hex');
    this.#checkMd5();
    if (checksumName !== undefined && checksum !== undefined) {
      const given = this.#headers.get(checksumName) ?? trailers.get(checksumName);
      this.checksum = { [checksumName]: checksum.digest('base64') };
      if (given !== this.checksum[checksumName]) {
        const algorithm = checksumName.replace('x-amz-checksum-', '').toUpperCase();
        throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
      }
    }
  }

  /** The whole body, for the small ones that are XML. */
  async buffer(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this) {
      size += chunk.length;
      if (size > MAX_DOCUMENT_BYTES) throw new S3Error('MaxMessageLengthExceeded');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  async *#decoded(trailers: Map<string, string>): AsyncGenerator<Buffer, void, undefined> {
    const { payloadHash, verifyChunk } = this.#authorization;
    switch (payloadHash) {
      case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
        yield* decodeAwsChunked(this.#source, trailers);
        break;
      case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
        yield* decodeAwsChunked(this.#source, trailers, verifyChunk);
        break;
      default:
        yield* this.#source;
    }
    const announced = this.#headers.get('x-amz-trailer') ?? '';
    if ([...trailers.keys()].join() !== announced.toLowerCase()) throw new S3Error('MalformedTrailerError');
  }

  #checksumName(): string | undefined {
    const names = [...this.#headers.keys(), this.#headers.get('x-amz-trailer')?.toLowerCase() ?? ''];
    const known = names.filter((name) => CHECKSUMS.has(name));
    if (known.length > 1) {
      const message = 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.';
      throw new S3Error('InvalidRequest', message);
    }
    return known[0];
  }

  #checkPayloadHash(computed: string): void {
    const { payloadHash } = this.#authorization;
    if (computed === payloadHash) return;
    const details = { ClientComputedContentSHA256: payloadHash, S3ComputedContentSHA256: computed };
    throw new S3Error('XAmzContentSHA256Mismatch', undefined, { details });
  }

  #checkMd5(): void {
    const given = this.#headers.get('content-md5');
    if (given === undefined) return;
    const bytes = Buffer.from(given, 'base64');
    if (bytes.length !== 16) throw new S3Error('InvalidDigest');
    if (bytes.toString('hex') !== this.md5) throw new S3Error('BadDigest');
  }
}
