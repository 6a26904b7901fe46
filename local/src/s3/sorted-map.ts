/** Order of S3's lists: by UTF-8 bytes. JavaScript's own order is by UTF-16 units and has emoji before U+E000. */
export const compareKeys = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

// Surrogates stand for the code points beyond U+FFFF, which UTF-8 has after all others.
const rank = (unit: number) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

const MAX_BLOCK = 512;

/**
 * A map in the order of its keys. They are kept in short sorted blocks: in one array of 100,000, each insertion or
 * removal would move half of it.
 */
export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  readonly #blocks: string[][] = [[]];

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    if (!this.#values.has(key)) {
      const { block, number, index } = this.#locate(key);
      block.splice(index, 0, key);
      if (block.length > MAX_BLOCK) this.#blocks.splice(number + 1, 0, block.splice(MAX_BLOCK / 2));
    }
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (!this.#values.delete(key)) return;
    const { block, number, index } = this.#locate(key);
    block.splice(index, 1);
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(number, 1);
  }

  /** From `start` on, with `start` itself. */
  *entriesFrom(start: string): Generator<[key: string, value: V], void, undefined> {
    const { number, index } = this.#locate(start);
    let skip = index;
    for (const block of this.#blocks.slice(number)) {
      for (const key of block.slice(skip)) yield [key, this.#values.get(key) as V];
      skip = 0;
    }
  }

  /** Returns the position of the key, or the one at which it would be inserted. */
  #locate(key: string): { block: string[]; number: number; index: number } {
    const blocks = this.#blocks;
    const after = firstIndex(blocks.length, (i) => compareKeys(blocks[i]?.[0] ?? '', key) > 0);
    const number = Math.max(after - 1, 0);
    const block = blocks[number] ?? [];
    return { block, number, index: firstIndex(block.length, (i) => compareKeys(block[i] ?? '', key) >= 0) };
  }
}

/** The first index for which `holds`, given that it holds for all that follow. */
const firstIndex = (length: number, holds: (index: number) => boolean): number => {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};
