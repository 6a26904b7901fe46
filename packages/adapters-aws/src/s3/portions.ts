import type { Entry, ListPage } from './list-pages.ts';

/** How many entries that take a call of their own a pass deletes before the store has proved that it deletes. */
const UNPROVEN = 3;
/** The same, if the entries of the pass before are all still listed. */
const UNCHANGED = 1;

/** The entries of a list that a pass is to delete, page by page. */
export class PortionsOfList {
  firstPage: readonly Entry[] = [];
  /** Whether the list was read to its end, and everything on it was to be deleted. */
  isComplete = false;
  readonly #pages: AsyncIterable<ListPage>;
  readonly #previous: PortionsOfList | undefined;
  readonly #isHonest: boolean;
  readonly #takeFew: (entries: readonly Entry[], few: number) => readonly Entry[];

  constructor(
    pages: AsyncIterable<ListPage>,
    previous: PortionsOfList | undefined,
    isHonest: boolean,
    takeFew: (entries: readonly Entry[], few: number) => readonly Entry[],
  ) {
    this.#pages = pages;
    this.#previous = previous;
    this.#isHonest = isHonest;
    this.#takeFew = takeFew;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<readonly Entry[]> {
    let isFirst = true;
    for await (const { entries, isLast } of this.#pages) {
      if (isFirst) this.firstPage = entries;
      isFirst = false;
      const isProven = this.#isHonest || (this.#previous !== undefined && hasGone(this.#previous, this));
      const few = this.#previous ? UNCHANGED : UNPROVEN;
      const portion = isProven ? entries : this.#takeFew(entries, few);
      this.isComplete = isLast && portion.length === entries.length;
      yield portion;
      if (!isProven) return;
    }
  }
}

/** Whether an entry of the first page is not on it any more. */
export const hasGone = (previous: PortionsOfList, current: PortionsOfList): boolean => {
  const listed = new Set(current.firstPage.map(nameOf));
  return previous.firstPage.some((entry) => !listed.has(nameOf(entry)));
};

const nameOf = ({ keys, id }: Entry): string => JSON.stringify([keys[0], id]);
