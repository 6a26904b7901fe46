interface Waiting {
  readonly order: number;
  readonly resolve: () => void;
}

/**
 * Lets users take turns at what takes a millisecond of the processor: calling a use case, or making a piece of a large
 * response. Between two turns the event loop handles everything that has come in, so that no user, with a thousand
 * requests, delays another: a user with one request waits for at most one turn of each other user.
 */
export class Turns {
  /** Those who wait, by user. A map keeps the order in which users were added. */
  readonly #waiting = new Map<string, Waiting[]>();
  /** Whether a turn was given since the event loop last handled what had come in. */
  #isTaken = false;
  #requests = 0;

  /**
   * Returns what takes the turns of one request. Of a user's requests, the oldest comes first: if they alternated, all of
   * them would end as late as the last.
   */
  forRequest(user: string): () => Promise<void> {
    const order = this.#requests++;
    return () => this.#take(user, order);
  }

  /** Resolves when it is the request's turn. The turn ends with the work that is done synchronously from then on. */
  async #take(user: string, order: number): Promise<void> {
    if (this.#isTaken) {
      await new Promise<void>((resolve) => {
        const own = this.#waiting.get(user);
        if (own) own.push({ order, resolve });
        else this.#waiting.set(user, [{ order, resolve }]);
      });
    } else {
      this.#isTaken = true;
      setImmediate(() => this.#next());
    }
  }

  #next(): void {
    const [first] = this.#waiting;
    this.#isTaken = first !== undefined;
    if (!first) return;
    const [user, own] = first;
    this.#waiting.delete(user);
    const oldest = own.reduce((best, one, index) => (one.order < (own[best]?.order ?? Infinity) ? index : best), 0);
    own.splice(oldest, 1)[0]?.resolve();
    if (own.length > 0) this.#waiting.set(user, own);
    setImmediate(() => this.#next());
  }
}
