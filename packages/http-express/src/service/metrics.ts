import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { methodOf, type RequestObserver } from '../middleware/observe-requests.ts';
import { version } from '../version.ts';

/** A call to AWS that has ended; every value but the last two is one of few. */
interface Call {
  readonly service: string;
  readonly operation: string;
  readonly outcome: string;
  readonly attempts: number;
  readonly seconds: number;
}

export interface MetricsOptions {
  /** 0: any that is free. */
  readonly port: number;
  readonly host: string;
  /** Returns what a cache of verified tokens has done so far. Without it, there are no metrics of one. */
  readonly tokenCacheStats?: () => { readonly hits: number; readonly misses: number; readonly size: number };
}

export interface Metrics {
  readonly requestObserver: RequestObserver;
  readonly onAwsCall: (call: Call) => void;
  /**
   * Serves them, until the process ends; it does not keep the process from that.
   *
   * @returns the port
   * @throws where nobody can listen there, naming METRICS_PORT
   */
  listen(): Promise<number>;
}

/** From a call to the table to the deadline that a request has by default. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The metrics of docs/metrics.md. The values of every label are few, whatever callers send. */
export const createMetrics = ({ port, host, tokenCacheStats }: MetricsOptions): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  new Gauge({
    name: 'jobs_api_build_info',
    help: 'Always 1; the version is in the label.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);

  const requests = new Histogram({
    name: 'jobs_api_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const inFlight = new Gauge({
    name: 'jobs_api_http_requests_in_flight',
    help: 'Requests whose work has not ended, whether or not their clients are still there.',
    registers,
  });
  const shed = new Counter({
    name: 'jobs_api_http_requests_shed_total',
    help: 'Requests that were refused because MAX_IN_FLIGHT were in flight.',
    registers,
  });
  const unreadable = new Counter({
    name: 'jobs_api_unreadable_records_total',
    help: 'Records that a list had to leave out because they cannot be read.',
    registers,
  });

  const calls = new Histogram({
    name: 'jobs_api_aws_call_duration_seconds',
    help: 'Time of a call to AWS with all its attempts.',
    labelNames: ['service', 'operation', 'outcome'],
    buckets: SECONDS,
    registers,
  });
  const retries = new Counter({
    name: 'jobs_api_aws_call_retries_total',
    help: 'Attempts of calls to AWS after the first.',
    labelNames: ['service', 'operation'],
    registers,
  });

  if (tokenCacheStats) addTokenCacheMetrics(registers, tokenCacheStats);

  return {
    requestObserver: {
      onWorkStart: () => inFlight.inc(),
      onWorkEnd: () => inFlight.dec(),
      onFinish: ({ method, route = 'none', status, aborted, seconds, unreadableRecords }) => {
        requests.observe({ method, route, status: aborted ? 'aborted' : status }, seconds);
        unreadable.inc(unreadableRecords);
      },
      onRefused: ({ method, status }) => requests.observe({ method: methodOf({ method }), route: 'none', status }, 0),
      onShed: () => shed.inc(),
    },
    onAwsCall: ({ service, operation, outcome, attempts, seconds }) => {
      calls.observe({ service, operation, outcome }, seconds);
      // At 0 too: of a counter that begins with its first retry, no rate would show that retry.
      retries.inc({ service, operation }, attempts - 1);
    },
    listen: async () => {
      const server = metricsServer(registry).listen(port, host).unref();
      await once(server, 'listening').catch((error: unknown) => {
        throw new Error(`METRICS_PORT: ${(error as Error).message}`, { cause: error });
      });
      return (server.address() as AddressInfo).port;
    },
  };
};

const addTokenCacheMetrics = (registers: Registry[], stats: NonNullable<MetricsOptions['tokenCacheStats']>): void => {
  new Counter({
    name: 'jobs_api_token_cache_lookups_total',
    help: 'Tokens that were looked up among those verified before.',
    labelNames: ['result'],
    registers,
    collect() {
      const { hits, misses } = stats();
      this.reset();
      this.inc({ result: 'hit' }, hits);
      this.inc({ result: 'miss' }, misses);
    },
  });
  new Gauge({
    name: 'jobs_api_token_cache_tokens',
    help: 'Verified tokens that are kept.',
    registers,
    collect() {
      this.set(stats().size);
    },
  });
};

/** Serves `GET /metrics` in Prometheus's text format, and nothing else. */
const metricsServer = (registry: Registry): Server =>
  createServer((req, res) => {
    const answer = (status: number, type: string, body: string, headers: Record<string, string> = {}) =>
      res
        .writeHead(status, { ...headers, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
        .end(req.method === 'HEAD' ? undefined : body);
    const fail = (status: number, message: string, headers?: Record<string, string>) =>
      answer(status, 'application/json; charset=utf-8', JSON.stringify({ message }), headers);

    if (req.url?.split('?')[0] !== '/metrics') fail(404, 'Not Found');
    else if (req.method !== 'GET' && req.method !== 'HEAD') fail(405, 'Method Not Allowed', { Allow: 'GET, HEAD' });
    else
      registry.metrics().then(
        (text) => answer(200, registry.contentType, text),
        (error: unknown) => fail(500, `The metrics could not be read: ${String(error)}`),
      );
  });
