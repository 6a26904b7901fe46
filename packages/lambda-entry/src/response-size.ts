import type { ServerResponse } from 'node:http';
import type { ResponseValues } from './event.ts';

/** Space for the headers and the JSON around the body, in bytes. All headers are ours and short. */
const RESERVED_BYTES = 2 * 1024;

/** Counts the size of a response as a part of a result, which is JSON: compressed bodies are in base64, others a string. */
export class ResultSize {
  readonly #limit: number;
  #bytes = RESERVED_BYTES;

  /** @param limit maximum size of a result, in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(data: string | Uint8Array, response: ServerResponse): void {
    const isCompressed = response.hasHeader('content-encoding');
    this.#bytes += isCompressed ? (data.length * 4) / 3 : Buffer.byteLength(JSON.stringify(textOf(data)));
  }

  get isTooLarge(): boolean {
    return this.#bytes > this.#limit;
  }
}

const textOf = (data: string | Uint8Array): string => (typeof data === 'string' ? data : Buffer.from(data).toString());

/** Returns the response in place of one that is too large, with its headers. */
export const tooLarge = ({ headers }: ResponseValues): ResponseValues => {
  const body = JSON.stringify({
    message: 'The answer is too large: ask for less with limit, or accept compression',
  });
  const kept = Object.entries(headers).filter(([name]) => name !== 'content-encoding');
  return {
    statusCode: 413,
    headers: { ...Object.fromEntries(kept), 'content-length': body.length },
    body,
    isBase64Encoded: false,
  };
};
