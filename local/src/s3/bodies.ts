import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Bytes that were written once and never change. An object is one or, when it came in parts, several of them. */
export interface StoredBody {
  readonly id: string;
  readonly size: number;
}

export interface Bodies {
  /** Keeps nothing of a body that could not be read to its end. */
  write(chunks: AsyncIterable<Buffer>): Promise<StoredBody>;
  /** The bytes from `first` to `last`, both included. */
  read(id: string, first: number, last: number): Iterable<Buffer> | AsyncIterable<Buffer>;
  remove(id: string): void;
}

export const createMemoryBodies = (): Bodies => {
  const bodies = new Map<string, Buffer>();
  return {
    async write(chunks) {
      const id = randomUUID();
      const received: Buffer[] = [];
      for await (const chunk of chunks) received.push(chunk);
      const body = Buffer.concat(received);
      bodies.set(id, body);
      return { id, size: body.length };
    },
    read(id, first, last) {
      const body = bodies.get(id);
      if (body === undefined) throw new Error(`the body ${id} was removed`);
      return [body.subarray(first, last + 1)];
    },
    remove: (id) => bodies.delete(id),
  };
};

/** Streamed to and from a file each. Files that are not in `known`, left by a process that was killed, are removed. */
export const openFileBodies = (directory: string, known: ReadonlySet<string>): Bodies => {
  const path = (id: string) => join(directory, id);
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(directory)) if (!known.has(name)) rmSync(path(name));

  return {
    async write(chunks) {
      const id = randomUUID();
      const unfinished = path(`${id}.unfinished`);
      let size = 0;
      const count = async function* () {
        for await (const chunk of chunks) {
          size += chunk.length;
          yield chunk;
        }
      };
      try {
        await pipeline(count(), createWriteStream(unfinished));
        renameSync(unfinished, path(id));
      } catch (error) {
        rmSync(unfinished, { force: true });
        throw error;
      }
      return { id, size };
    },
    read(id, first, last) {
      // Opened at once: an open file can be read to its end though it is removed meanwhile.
      const fd = openSync(path(id), 'r');
      return createReadStream('', { fd, start: first, end: last }) as AsyncIterable<Buffer>;
    },
    remove: (id) => {
      rmSync(path(id), { force: true });
    },
  };
};
