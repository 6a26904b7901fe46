import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type ProxyTracerProvider,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import type { AppHandler } from '../handler.ts';
import { methodOf, routeOf } from './observe-requests.ts';

const NAME = '@jobs-api/http-express';

/**
 * Creates a span for every request if an SDK is registered with OpenTelemetry's API. The span is a child of the one that
 * the request headers name. Names are those of https://opentelemetry.io/docs/specs/semconv/http/http-spans/. The span
 * contains the path and not the query, because the query may be confidential.
 */
export const tracing: AppHandler = (req, res, next) => {
  const tracer = findTracer();
  if (!tracer) {
    next();
    return;
  }

  const parent = parentOf(req);
  const method = methodOf(req);
  const verb = method === '_OTHER' ? 'HTTP' : method;
  const attributes = attributesOf(req, method);
  const span = tracer.startSpan(verb, { kind: SpanKind.SERVER, attributes }, parent);
  const { traceId, spanId } = span.spanContext();
  res.locals.trace = { trace_id: traceId, span_id: spanId };
  if (span.isRecording()) {
    res.locals.lifecycle.onEnd(() => {
      const route = routeOf(req);
      if (route !== undefined) {
        span.updateName(`${verb} ${route}`);
        span.setAttribute('http.route', route);
      }
      // No status was sent if the client disconnected earlier.
      if (res.headersSent) span.setAttribute('http.response.status_code', res.statusCode);
      if (res.statusCode >= 500) {
        const { error } = res.locals;
        span.setAttribute('error.type', error instanceof Error ? error.name : String(res.statusCode));
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    });
  }
  context.with(trace.setSpan(parent, span), next);
};

/** Returns the tracer of the SDK; `undefined` if no SDK is registered, so that attributes are not collected in vain. */
const findTracer = (): Tracer | undefined => {
  const provider: TracerProvider & Partial<Pick<ProxyTracerProvider, 'getDelegateTracer'>> = trace.getTracerProvider();
  return provider.getDelegateTracer ? provider.getDelegateTracer(NAME) : provider.getTracer(NAME);
};

/** Returns the active span if there is one (Lambda layers create it), else the span that the request headers name. */
const parentOf = ({ headers }: IncomingMessage): Context => {
  const active = context.active();
  return trace.getSpan(active) ? active : propagation.extract(active, headers);
};

const attributesOf = (
  { method: original, originalUrl, headers }: Parameters<AppHandler>[0],
  method: string,
): Attributes => {
  const agent = headers['user-agent'];
  return {
    'http.request.method': method,
    ...(method === '_OTHER' && { 'http.request.method_original': original }),
    'url.scheme': 'http',
    'url.path': originalUrl.split('?', 1)[0],
    ...(agent !== undefined && { 'user_agent.original': agent }),
  };
};

const FLUSH_MS = 2_000;

interface Flushable {
  forceFlush?(): Promise<void>;
}

/**
 * Sends the spans that the SDK still holds, if there is an SDK. The API has no such function, but all SDKs have this one.
 *
 * @throws if that fails or takes more than 2 s
 */
export const flushSpans = async (): Promise<void> => {
  const provider = trace.getTracerProvider() as Flushable & { getDelegate?(): Flushable };
  const sdk = provider.getDelegate?.() ?? provider;
  const late = sleep(FLUSH_MS, undefined, { ref: false }).then(() => {
    throw new Error(`sending spans took longer than ${FLUSH_MS} ms`);
  });
  await Promise.race([sdk.forceFlush?.(), late]);
};
