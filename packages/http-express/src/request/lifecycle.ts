import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Unavailable, untilAborted } from '@jobs-api/core';

/** How a request ended. */
export interface RequestEnd {
  /** From its beginning until its work had ended and its response was over. */
  readonly seconds: number;
  /** Whether the client disconnected before it had the whole response. */
  readonly aborted: boolean;
}

export interface RunOptions {
  /** The deadline: how long the work may take. */
  readonly seconds: number;
  /** Whether the work continues after the client has disconnected. */
  readonly outlivesClient?: boolean;
}

/** What a request's work is given. */
export interface WorkContext {
  /** Aborts at the deadline and, unless the work outlives its client, when the client disconnects. */
  readonly signal: AbortSignal;
  /** Returns a signal that aborts when half of the time until the deadline is over. */
  readonly halfTime: () => AbortSignal;
}

/** The client has disconnected: there is no one to respond to. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/**
 * Owns one request from its beginning to its end. Everything that lasts as long as the request hangs on this object: its
 * deadline, its signal, and the listeners that log, count and trace it.
 *
 * A request ends once, when its work has ended and its response is over, whatever became of the connection.
 */
export class RequestLifecycle {
  readonly #response: ServerResponse;
  readonly #beganAt = performance.now();
  readonly #listeners: ((end: RequestEnd) => void)[] = [];
  #isWorking = false;
  /** What became of the response: `undefined` as long as it is not over. */
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
    { seconds, outlivesClient = false }: RunOptions,
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
      // Not before the handlers have seen how the work ended: the log says it.
      setImmediate(() => this.#endIfOver());
    }
  }

  #endIfOver(): void {
    if (this.#isWorking || !this.#outcome) return;
    const seconds = (performance.now() - this.#beganAt) / 1000;
    const aborted = this.#outcome === 'aborted';
    for (const listener of this.#listeners.splice(0)) listener({ seconds, aborted });
  }
}
