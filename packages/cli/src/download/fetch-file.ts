import { createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, Failure } from '../exit-code.ts';
import { complete, discardParts, isComplete, openPart, sizeOfPart, type DownloadTarget } from './part.ts';
import { requestFile } from './request.ts';

export interface FetchedFile {
  readonly state: 'downloaded' | 'unchanged';
  readonly bytes: number;
}

interface FetchOptions {
  /** Returns a link that has not expired. */
  readonly freshLink: () => Promise<string>;
  /** Called with the size of each piece that arrives. */
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** How many attempts in a row may receive nothing. */
const ATTEMPTS = 5;
const FIRST_DELAY_MS = 500;

/** A failure after which another attempt may succeed: the link has expired, or the connection is lost. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Downloads a file. Continues what an earlier run or attempt has of the same version. */
export const fetchFile = async (target: DownloadTarget, options: FetchOptions): Promise<FetchedFile> => {
  let before = -1;
  for (let failures = 0; ;) {
    try {
      return await attempt(target, options);
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof Interrupted)) throw error;
      const now = await sizeOfPart(target);
      failures = now > before ? 1 : failures + 1;
      before = now;
      if (failures >= ATTEMPTS) throw new Failure(error.message, EXIT.failed, { cause: error });
    }
    await sleep(FIRST_DELAY_MS * 2 ** (failures - 1) * (0.5 + Math.random() / 2), undefined, {
      signal: options.signal,
    });
  }
};

const attempt = async (target: DownloadTarget, { freshLink, onBytes, signal }: FetchOptions): Promise<FetchedFile> => {
  // One byte less than there are: a range that begins at the end of a file is an error without a version.
  const start = Math.max(0, (await sizeOfPart(target)) - 1);
  const response = await request(await freshLink(), start, signal);
  if (response.statusCode === 416) return startAgain(target, response);
  const { etag, total } = versionOf(response, start);
  if (await isComplete(target, etag, total)) {
    response.destroy();
    return { state: 'unchanged', bytes: total };
  }
  const from = response.statusCode === 206 ? start : 0;
  const part = await openPart(target, etag);
  if (part.size < from || part.size > total) return startAgain(target, response);
  await save(response, part.path, from, onBytes, signal);
  const { size } = await openPart(target, etag);
  if (size < total) throw new Interrupted(`only ${size} of ${total} bytes have arrived`);
  if (!(await complete(target, etag)))
    throw new Failure('a file with other content is there, and was left as it is', EXIT.failed);
  return { state: 'downloaded', bytes: total };
};

const startAgain = async (target: DownloadTarget, response: IncomingMessage): Promise<never> => {
  response.destroy();
  await discardParts(target);
  throw new Interrupted('the file changes while it is downloaded');
};

const request = async (url: string, start: number, signal: AbortSignal): Promise<IncomingMessage> => {
  const response = await requestFile(url, start, signal).catch((error: unknown) => {
    throw new Interrupted(`the store cannot be reached: ${(error as Error).message}`, { cause: error });
  });
  const { statusCode = 0 } = response;
  if (statusCode === 200 || statusCode === 206 || statusCode === 416) return response;
  response.destroy();
  if (statusCode === 404) throw new Failure('there is no such file in the store', EXIT.failed);
  throw new Interrupted(`the store responded with status ${statusCode}`);
};

const versionOf = ({ statusCode, headers }: IncomingMessage, start: number): { etag: string; total: number } => {
  const { etag = '' } = headers;
  if (statusCode !== 206) return { etag, total: Number(headers['content-length']) };
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  if (Number(first) !== start) throw new Interrupted('the store sent another part of the file');
  return { etag, total: Number(total) };
};

/** Writes the body to its place in the part. */
const save = async (
  response: IncomingMessage,
  path: string,
  from: number,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> => {
  response.on('data', (chunk: Buffer) => {
    onBytes(chunk.length);
  });
  try {
    await pipeline(response, createWriteStream(path, { flags: 'r+', start: from }), { signal });
  } catch (error) {
    signal.throwIfAborted();
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOSPC', 'EACCES', 'EPERM', 'EIO', 'EROFS', 'ENOENT', 'EDQUOT'].includes(code)) throw error;
    throw new Interrupted(`the connection to the store was lost: ${(error as Error).message}`, { cause: error });
  }
};
