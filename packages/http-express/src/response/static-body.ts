import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { encodingFor } from './encodings.ts';

type Copies = Readonly<Record<string, Buffer>>;

/** Almost as small as with the best level, which takes seconds. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

/** A body that never changes. One copy per encoding is made at the first request and shared by all responses. */
export class StaticBody {
  readonly #type: string;
  readonly #read: () => Promise<Buffer>;
  #copies: Promise<Copies> | undefined;

  /** @param type the media type */
  constructor(type: string, read: () => Promise<Buffer>) {
    this.#type = type;
    this.#read = read;
  }

  async send(res: ServerResponse): Promise<void> {
    const copies = await (this.#copies ??= this.#makeCopies());
    const encoding = encodingFor(res.req)?.name;
    const body = copies[encoding ?? 'identity'] as Buffer;
    res.appendHeader('Vary', 'Accept-Encoding');
    res.setHeader('Content-Type', this.#type);
    res.setHeader('Content-Length', body.length);
    if (encoding !== undefined) res.setHeader('Content-Encoding', encoding);
    res.end(body);
  }

  async #makeCopies(): Promise<Copies> {
    const identity = await this.#read();
    const [br, gz] = await Promise.all([promisify(brotliCompress)(identity, BROTLI), promisify(gzip)(identity)]);
    return { identity, br, gzip: gz };
  }
}
