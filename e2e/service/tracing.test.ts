import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { overSocket } from '@jobs-api/http-express/testing/contracts';
import { SERVICE } from '../harness/built.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

/** Module that operators load, as docs/tracing.md says. */
const SDK = new URL('../../infra/otel.mjs', import.meta.url).href;

interface Span {
  readonly service: string;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** https://github.com/open-telemetry/opentelemetry-proto: 2 is a server's, 3 a client's. */
  readonly kind: number;
  readonly status: { readonly code?: number };
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly (Omit<Span, 'service' | 'scope' | 'attributes'> & {
        attributes: readonly Attribute[];
      })[];
    }[];
  }[];
}

const valuesOf = (attributes: readonly Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));

/** Starts a collector that accepts OTLP over HTTP as JSON, and keeps the spans. */
const startCollector = async () => {
  const spans: Span[] = [];
  const server = createServer((req, res) => {
    void json(req).then((body) => {
      for (const { resource, scopeSpans } of (body as Export).resourceSpans)
        for (const { scope, spans: sent } of scopeSpans)
          for (const span of sent) {
            const service = String(valuesOf(resource.attributes)['service.name']);
            spans.push({ ...span, service, scope: scope.name, attributes: valuesOf(span.attributes) });
          }
      res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  return { spans, endpoint: await listen(server), close: () => closeServer(server) };
};

describe('with an SDK that is loaded before it, the built service', () => {
  const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
  const PARENT_ID = 'b7ad6b7169203331';
  let stack: LocalStack;
  let service: ServiceProcess;
  let collector: Awaited<ReturnType<typeof startCollector>>;
  let spans: readonly Span[];

  const find = (name: string): Span => {
    const [span, ...others] = spans.filter((candidate) => candidate.name === name);
    if (!span || others.length > 0) throw new Error(`not one span ${name}: ${spans.map((each) => each.name).join()}`);
    return span;
  };

  beforeAll(async () => {
    stack = await startStack();
    collector = await startCollector();
    service = await startService(SERVICE, {
      ...stack.env,
      DRAIN_SECONDS: '0',
      NODE_OPTIONS: `--import ${SDK}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_SERVICE_NAME: 'jobs-api-test',
    });
    const send = overSocket(service.origin);
    const authorization = ['Authorization', await stack.tokenIssuer.issueToken('alice')] as const;
    const traceparent = ['traceparent', `00-${TRACE_ID}-${PARENT_ID}-01`] as const;
    const agent = ['User-Agent', 'probe/1'] as const;
    await send({ path: '/api/v1/jobs/list?status=secret', headers: [authorization] });
    await send({ path: '/api/v1/jobs/list?limit=10', headers: [authorization, traceparent, agent] });
    await send({ method: 'DELETE', path: '/api/v1/jobs/delete?job-id=1', headers: [authorization] });
    await send({ path: '/no/such/route?this=1' });
    await send({ method: 'PROPFIND', path: '/healthz' });
    await stack.table.putUnreadable('alice', 9);
    await send({ path: '/api/v1/jobs/get?job-id=9', headers: [authorization] });
    // Spans that are not sent yet are sent before the process ends.
    service.kill('SIGTERM');
    await service.exitCode;
    ({ spans } = collector);
  });

  afterAll(async () => {
    await collector.close();
    await stack.close();
  });

  test('makes a span of a request, below the span of the caller', () => {
    const inTrace = spans.filter(({ traceId }) => traceId === TRACE_ID);
    const [list] = inTrace.filter(({ kind }) => kind === 2);
    expect(list).toMatchObject({
      name: 'GET /api/v1/jobs/list',
      service: 'jobs-api-test',
      scope: '@jobs-api/http-express',
      parentSpanId: PARENT_ID,
      status: { code: 0 },
    });
    expect(list?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.route': '/api/v1/jobs/list',
      'http.response.status_code': 200,
      'url.path': '/api/v1/jobs/list',
      'url.scheme': 'http',
      'user_agent.original': 'probe/1',
    });
    expect(inTrace.filter(({ kind }) => kind === 3)).toMatchObject([
      {
        name: 'DynamoDB.Query',
        scope: '@jobs-api/adapters-aws',
        parentSpanId: list?.spanId,
        attributes: {
          'rpc.system': 'aws-api',
          'rpc.service': 'DynamoDB',
          'rpc.method': 'Query',
          'http.response.status_code': 200,
        },
      },
    ]);
  });

  test('makes a span of each call of a request', () => {
    const { traceId, spanId, parentSpanId } = find('DELETE /api/v1/jobs/delete');
    expect(parentSpanId).toBeUndefined();
    const calls = spans.filter((span) => span.kind === 3 && span.traceId === traceId);
    expect(calls.map(({ name }) => name).sort()).toEqual([
      'DynamoDB.DeleteItem',
      'S3.ListMultipartUploads',
      'S3.ListMultipartUploads',
      'S3.ListObjectVersions',
      'S3.ListObjectVersions',
    ]);
    expect(new Set(calls.map((call) => call.parentSpanId))).toEqual(new Set([spanId]));
  });

  test('gives spans a small number of names, whatever is requested', () => {
    expect(find('GET').attributes).toMatchObject({ 'url.path': '/no/such/route', 'http.response.status_code': 404 });
    expect(find('HTTP /healthz').attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PROPFIND',
    });
  });

  test('marks a span as failed for an error of the service, and not for an error of the caller', () => {
    expect(find('GET /api/v1/jobs/get')).toMatchObject({
      status: { code: 2 },
      attributes: { 'error.type': 'UnreadableJob', 'http.response.status_code': 500 },
    });
    expect(find('GET').status).toEqual({ code: 0 });
  });

  test('records no query', () => {
    expect(JSON.stringify(spans)).not.toMatch(/secret|limit=10|this=1/);
  });

  test('logs the trace of a request', () => {
    const { traceId, spanId } = find('GET /api/v1/jobs/get');
    const lines = service.log.filter((line) => line.includes('"route":"/api/v1/jobs/get"'));
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ trace_id: traceId, span_id: spanId }]);
  });
});

test('without an SDK, a request has no trace', async () => {
  const stack = await startStack();
  const service = await startService(SERVICE, { ...stack.env, DRAIN_SECONDS: '0' });
  await overSocket(service.origin)({ path: '/healthz', headers: [] });
  service.kill('SIGTERM');
  expect(await service.exitCode).toBe(0);
  const line = service.log.find((entry) => entry.includes('"route":"/healthz"')) ?? '';
  expect(JSON.parse(line)).not.toHaveProperty('trace_id');
  await stack.close();
});
