import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { AppHandler } from '../handler.ts';
import type { InFlightObserver } from '../request/in-flight.ts';

/** A request that has ended. */
export interface FinishedRequest {
  /** A standard method, or `_OTHER`. */
  readonly method: string;
  /** The declared route, never the path of the request; `undefined` if no route matched. */
  readonly route: string | undefined;
  readonly status: number;
  /** Whether the client disconnected before it received the whole response. */
  readonly aborted: boolean;
  readonly seconds: number;
  /** Number of unreadable records that a list left out. */
  readonly unreadableRecords: number;
}

/** Observes requests, for metrics. The number of different values is small, whatever callers send. Methods must not throw. */
export interface RequestObserver extends InFlightObserver {
  onFinish(request: FinishedRequest): void;
  /** Called when a malformed request was rejected before it reached the app. */
  onMalformed(request: Pick<FinishedRequest, 'method' | 'status'>): void;
}

/** Methods of https://www.rfc-editor.org/rfc/rfc9110#section-9.1, and PATCH. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

export const methodOf = ({ method = '' }: Pick<IncomingMessage, 'method'>): string =>
  METHODS.includes(method) ? method : '_OTHER';

export const routeOf = ({ route }: Pick<Request, 'route'>): string | undefined =>
  (route as { path: string } | undefined)?.path;

export const observeRequests =
  (observer: RequestObserver): AppHandler =>
  (req, res, next) => {
    const { locals } = res;
    locals.lifecycle.onEnd(({ seconds, aborted }) => {
      observer.onFinish({
        method: methodOf(req),
        route: routeOf(req),
        status: res.statusCode,
        aborted,
        seconds,
        unreadableRecords: locals.unreadable?.count ?? 0,
      });
    });
    next();
  };
