interface Waiting {
  readonly order: number;
  readonly resolve: () => void;
}

/**
 * Schedules work that takes about a millisecond of CPU, a use case call or a piece of a large response, in turn by user.
 * Between two turns the event loop handles all other events. A user with one request waits for at most one turn of each
 * other user, even if another user has sent a thousand requests.
 */
export class Turns {
  /** Waiting requests by user id. A map keeps the order in which users were added. */
  readonly #waiting = new Map<string, Waiting[]>();
  /** Whether a turn was given since the event loop last handled other events. */
  #isTaken = false;
  #requests = 0;

  /**
   * Returns the function that waits for the turns of one request. A user's oldest request comes first: if they alternated,
   * all of them would end as late as the last one.
   */
  forRequest(userId: string): () => Promise<void> {
    const order = this.#requests++;
    return () => this.#take(userId, order);
  }

  /** Resolves when it is the request's turn. The turn ends with the next asynchronous step of its caller. */
  async #take(userId: string, order: number): Promise<void> {
    if (this.#isTaken) {
      await new Promise<void>((resolve) => {
        const own = this.#waiting.get(userId);
        if (own) own.push({ order, resolve });
        else this.#waiting.set(userId, [{ order, resolve }]);
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
    const [userId, own] = first;
    this.#waiting.delete(userId);
    const oldest = own.reduce((best, one, index) => (one.order < (own[best]?.order ?? Infinity) ? index : best), 0);
    own.splice(oldest, 1)[0]?.resolve();
    if (own.length > 0) this.#waiting.set(userId, own);
    setImmediate(() => this.#next());
  }
}
