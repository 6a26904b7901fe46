import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, ProxyTracerProvider, Tracer, TracerProvider } from '@opentelemetry/api';
import type { Handler } from '../handler.ts';
import { methodOf, routeOf } from './observe-requests.ts';

const NAME = '@jobs-api/http-express';

/**
 * A span for every request, as a child of the one that the caller's headers name, by whatever SDK is registered with
 * OpenTelemetry's API; without one, nothing is measured. Names are those of
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/. Of the URL only the path is told: a query is the caller's
 * own business.
 */
export const tracing: Handler = (req, res, next) => {
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
      // A client that disconnected before has got no status.
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

/** The SDK's, where there is one: the API's own would do nothing with what it takes a while to put together. */
const findTracer = (): Tracer | undefined => {
  const provider: TracerProvider & Partial<Pick<ProxyTracerProvider, 'getDelegateTracer'>> = trace.getTracerProvider();
  return provider.getDelegateTracer ? provider.getDelegateTracer(NAME) : provider.getTracer(NAME);
};

/** What made a span for this request already, as Lambda's layers do, is nearer than the caller. */
const parentOf = ({ headers }: IncomingMessage): Context => {
  const active = context.active();
  return trace.getSpan(active) ? active : propagation.extract(active, headers);
};

const attributesOf = (
  { method: original, originalUrl, headers }: Parameters<Handler>[0],
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
 * Has the SDK send the spans that it holds, where there is one. The API has no word for that, but SDKs agree on one.
 *
 * @throws where that fails, or takes more than 2 s
 */
export const flushSpans = async (): Promise<void> => {
  const provider = trace.getTracerProvider() as Flushable & { getDelegate?(): Flushable };
  const sdk = provider.getDelegate?.() ?? provider;
  const late = sleep(FLUSH_MS, undefined, { ref: false }).then(() => {
    throw new Error(`sending spans took longer than ${FLUSH_MS} ms`);
  });
  await Promise.race([sdk.forceFlush?.(), late]);
};
