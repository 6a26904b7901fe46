import { Unavailable } from '@jobs-api/core';

export interface InFlightOptions {
  /** Maximum number of requests that are worked on at the same time. */
  readonly max: number;
  readonly observer?: InFlightObserver | undefined;
}

/** Methods must not throw. */
export interface InFlightObserver {
  onWorkStart(): void;
  onWorkEnd(): void;
  /** Called when a request is rejected because too many are in flight. */
  onShed(): void;
}

/**
 * Limits the requests that are worked on at the same time: a quick 503 is better than slow responses for all callers. A
 * request counts until its work has really ended, also if its client has disconnected, and also after its deadline if an
 * adapter ignores its signal. A response that is being sent does not count.
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

  /** @throws Unavailable if the limit is reached */
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

  /** Resolves when no request is in flight. */
  async idle(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }
}
