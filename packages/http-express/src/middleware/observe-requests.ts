import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import onFinished from 'on-finished';
import type { Handler } from '../handler.ts';

/** A request that is over. */
export interface FinishedRequest {
  /** One of the HTTP standards, or `_OTHER`. */
  readonly method: string;
  /** The route as it was declared, never the path that somebody sent; absent where there was none, or no time to find it. */
  readonly route: string | undefined;
  readonly status: number;
  /** Whether the client was gone before there was an answer. */
  readonly aborted: boolean;
  readonly seconds: number;
}

/** Told of what becomes of requests, in values of which there are few. Must not throw. */
export interface RequestObserver {
  readonly onStart: () => void;
  readonly onFinish: (request: FinishedRequest) => void;
  /** A request was turned away because too many were in flight; `onFinish` follows. */
  readonly onShed: () => void;
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-9.1 and PATCH. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

export const methodOf = ({ method = '' }: IncomingMessage): string => (METHODS.includes(method) ? method : '_OTHER');

export const routeOf = ({ route }: Pick<Request, 'route'>): string | undefined =>
  (route as { path: string } | undefined)?.path;

export const observeRequests =
  (observer: RequestObserver): Handler =>
  (req, res, next) => {
    const start = performance.now();
    observer.onStart();
    onFinished(res, () => {
      observer.onFinish({
        method: methodOf(req),
        route: routeOf(req),
        status: res.statusCode,
        aborted: !res.headersSent,
        seconds: (performance.now() - start) / 1000,
      });
    });
    next();
  };
