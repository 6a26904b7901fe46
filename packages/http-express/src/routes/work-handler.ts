import type { Authenticator, ListOptions, UserId } from '@jobs-api/core';
import type { AppHandler, RequestLocals } from '../handler.ts';
import { sendJson } from '../response/json.ts';
import { LargeResponses, type StreamedBody } from '../response/large-responses.ts';
import { authenticate } from '../request/authenticate.ts';
import type { InFlight } from '../request/in-flight.ts';
import type { WorkContext } from '../request/lifecycle.ts';
import { Turns } from '../request/turns.ts';
import { UnreadableRecords } from '../request/unreadable-records.ts';

/** Arguments of a use case besides the parameters of the request. */
interface UseCaseContext {
  readonly userId: UserId;
  readonly options: ListOptions;
  /** Returns a signal that aborts when half of the request's time is up. */
  readonly halfTime: () => AbortSignal;
}

/** Calls a use case and returns the body of the response: an object, or pieces if it may be large. */
type Work = (context: UseCaseContext) => Promise<object | StreamedBody>;

export interface WorkHandlerOptions {
  readonly authenticator: Authenticator;
  readonly inFlight: InFlight;
  readonly requestTimeoutSeconds: () => number;
}

/**
 * Returns a function that makes handlers. Each authenticates the caller, reads the parameters, and does the work in its
 * turn and before its deadline.
 */
export const workHandler = ({ authenticator, inFlight, requestTimeoutSeconds }: WorkHandlerOptions) => {
  const turns = new Turns();
  const largeResponses = new LargeResponses();

  /** @param prepare reads the parameters, and returns the work to do with them */
  return (
      prepare: (query: URLSearchParams, locals: RequestLocals) => Work,
      { outlivesClient = false } = {},
    ): AppHandler =>
    async (req, res) => {
      const { locals } = res;
      const onUnreadable: ListOptions['onUnreadable'] = (error) => {
        locals.unreadable ??= new UnreadableRecords();
        locals.unreadable.add(error);
      };
      const authenticateAndWork = async ({ signal, halfTime }: WorkContext) => {
        const userId = await authenticate(authenticator, req, { signal });
        locals.userId = userId;
        const work = prepare(req.query, locals);
        const takeTurn = turns.forRequest(userId);
        // Places are for work: a caller that waits for token keys takes none from a caller with a good token.
        const body = await inFlight.run(async () => {
          await takeTurn();
          signal.throwIfAborted();
          return work({ userId, options: { signal, onUnreadable }, halfTime });
        });
        return { body, userId, takeTurn };
      };
      const runOptions = { seconds: requestTimeoutSeconds(), outlivesClient };
      const { body, userId, takeTurn } = await locals.lifecycle.run(authenticateAndWork, runOptions);
      if ('pieces' in body) await largeResponses.send(res, body, userId, takeTurn);
      else sendJson(res, body);
    };
};
