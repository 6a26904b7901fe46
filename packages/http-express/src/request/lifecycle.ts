import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Unavailable, untilAborted } from '@jobs-api/core';

/** Outcome of a request. */
export interface RequestEnd {
  /** Time from the beginning until the work had ended and the response was over. */
  readonly seconds: number;
  /** Whether the client disconnected before it received the whole response. */
  readonly aborted: boolean;
}

export interface WorkOptions {
  /** Time until the deadline. */
  readonly seconds: number;
  /** Whether the work continues after the client has disconnected. */
  readonly outlivesClient?: boolean;
}

/** Signals for the work of a request. */
export interface WorkContext {
  /** Aborts at the deadline and, unless the work outlives its client, when the client disconnects. */
  readonly signal: AbortSignal;
  /** Returns a signal that aborts when half of the time is over. */
  readonly halfTime: () => AbortSignal;
}

/** The client has disconnected, so there is nothing to respond to. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/**
 * Owns one request from its beginning to its end: its deadline, its signal, and the listeners that log, count and trace it.
 *
 * A request ends exactly once, when its work has ended and its response is over, whatever happened to the connection.
 */
export class RequestLifecycle {
  readonly #response: ServerResponse;
  readonly #beganAt = performance.now();
  readonly #listeners: ((end: RequestEnd) => void)[] = [];
  #isWorking = false;
  /** Outcome of the response; `undefined` while it is not over. */
  #outcome: 'sent' | 'aborted' | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    const onOver = (outcome: 'sent' | 'aborted') => () => {
      this.#outcome ??= outcome;
      this.#endIfOver();
    };
    response.once('finish', onOver('sent')).once('close', onOver('aborted'));
  }

  /** Calls `listener` once, at the end of the request. */
  onEnd(listener: (end: RequestEnd) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Runs the work of the request, and returns no later than its deadline, even if the work ignores its signal.
   *
   * @throws Unavailable at the deadline
   * @throws ClientGone if the client has disconnected, unless the work outlives it
   */
  async run<Result>(
    work: (context: WorkContext) => Promise<Result>,
    { seconds, outlivesClient = false }: WorkOptions,
  ): Promise<Result> {
    const deadline = performance.now() + seconds * 1000;
    const controller = new AbortController();
    const { signal } = controller;
    // A delete aborts many uploads at once, with a listener or two for each. Node would report that as a leak on stderr.
    setMaxListeners(0, signal);
    const timer = setTimeout(() => controller.abort(new Unavailable('the request ran out of time')), seconds * 1000);
    const onClose = () => controller.abort(new ClientGone('the client has disconnected'));
    if (!outlivesClient) this.#response.once('close', onClose);
    const halfTime = () => AbortSignal.timeout(Math.max(0, Math.round(deadline - seconds * 500 - performance.now())));

    this.#isWorking = true;
    try {
      return await untilAborted(work({ signal, halfTime }), signal);
    } finally {
      clearTimeout(timer);
      this.#response.off('close', onClose);
      this.#isWorking = false;
      // After the error handler, so that the log contains the error. A response that is not over will end the request.
      if (this.#outcome) setImmediate(() => this.#endIfOver());
    }
  }

  #endIfOver(): void {
    if (this.#isWorking || !this.#outcome) return;
    const seconds = (performance.now() - this.#beganAt) / 1000;
    const aborted = this.#outcome === 'aborted';
    for (const listener of this.#listeners.splice(0)) listener({ seconds, aborted });
  }
}
