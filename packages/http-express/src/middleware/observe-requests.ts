import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { Handler } from '../handler.ts';
import type { InFlightObserver } from '../request/in-flight.ts';

/** A request that has ended. */
export interface FinishedRequest {
  /** One of the HTTP standards, or `_OTHER`. */
  readonly method: string;
  /** The route as it was declared, never the path of the request; `undefined` if none was found. */
  readonly route: string | undefined;
  readonly status: number;
  /** Whether the client disconnected before it had the whole response. */
  readonly aborted: boolean;
  readonly seconds: number;
  /** Records that a list had to leave out because they cannot be read. */
  readonly unreadableRecords: number;
}

/** Counts requests. Every value is one of few, whatever callers send. Its methods must not throw. */
export interface RequestObserver extends InFlightObserver {
  onFinish(request: FinishedRequest): void;
  /** A malformed request was refused before it reached the app. */
  onRefused(request: Pick<FinishedRequest, 'method' | 'status'>): void;
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-9.1 and PATCH. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

export const methodOf = ({ method = '' }: Pick<IncomingMessage, 'method'>): string =>
  METHODS.includes(method) ? method : '_OTHER';

export const routeOf = ({ route }: Pick<Request, 'route'>): string | undefined =>
  (route as { path: string } | undefined)?.path;

export const observeRequests =
  (observer: RequestObserver): Handler =>
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
