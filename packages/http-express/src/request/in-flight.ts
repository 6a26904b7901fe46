import { Unavailable } from '@jobs-api/core';

export interface InFlightOptions {
  /** Requests that may be worked on at once. */
  readonly max: number;
  readonly observer?: InFlightObserver | undefined;
}

/** Its methods must not throw. */
export interface InFlightObserver {
  onWorkStart(): void;
  onWorkEnd(): void;
  /** A request was refused because too many were being worked on. */
  onShed(): void;
}

/**
 * Counts the requests that are being worked on, whether or not their clients are still there, and refuses further ones:
 * a quick refusal is better than a slow response for everyone. A request holds its place until its work has really
 * ended, which may be after its deadline if an adapter ignores its signal. Responses that are being sent hold none.
 */
export class InFlight {
  readonly #max: number;
  readonly #observer: InFlightObserver | undefined;
  #count = 0;
  #onIdle: (() => void)[] = [];

  constructor({ max, observer }: InFlightOptions) {
    this.#max = max;
    this.#observer = observer;
  }

  /** @throws Unavailable if all places are taken */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#count >= this.#max) {
      this.#observer?.onShed();
      throw new Unavailable(`${this.#max} requests are in flight`);
    }
    this.#count++;
    this.#observer?.onWorkStart();
    try {
      return await work();
    } finally {
      this.#count--;
      this.#observer?.onWorkEnd();
      if (this.#count === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    }
  }

  /** Resolves when no request is being worked on. */
  async idle(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }
}
