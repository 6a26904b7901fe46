import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { methodOf, type RequestObserver } from '../middleware/observe-requests.ts';
import { version } from '../version.ts';

/** A completed call to AWS. */
interface AwsCall {
  readonly service: string;
  readonly operation: string;
  readonly outcome: string;
  readonly attempts: number;
  readonly seconds: number;
}

export interface MetricsOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly host: string;
  /** Returns the statistics of the cache of verified tokens. Without it, the cache has no metrics. */
  readonly tokenCacheStats?: () => { readonly hits: number; readonly misses: number; readonly size: number };
}

export interface Metrics {
  readonly requestObserver: RequestObserver;
  readonly onAwsCall: (call: AwsCall) => void;
  /**
   * Serves the metrics until the process ends. The server does not keep the process alive.
   *
   * @returns the port
   * @throws an error that names METRICS_PORT if it cannot listen
   */
  listen(): Promise<number>;
}

/** Histogram buckets: from the duration of a call to DynamoDB to the default deadline of a request. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Creates the metrics of docs/metrics.md. Every label has few values, whatever callers send. */
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
    help: 'Time from the beginning of a request to the end of its response.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const inFlight = new Gauge({
    name: 'jobs_api_http_requests_in_flight',
    help: 'Requests whose work has not ended, including those whose clients have disconnected.',
    registers,
  });
  const shed = new Counter({
    name: 'jobs_api_http_requests_shed_total',
    help: 'Requests that were rejected because MAX_IN_FLIGHT requests were in flight.',
    registers,
  });
  const unreadable = new Counter({
    name: 'jobs_api_unreadable_records_total',
    help: 'Records that lists left out because they cannot be read.',
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
      onMalformed: ({ method, status }) => requests.observe({ method: methodOf({ method }), route: 'none', status }, 0),
      onShed: () => shed.inc(),
    },
    onAwsCall: ({ service, operation, outcome, attempts, seconds }) => {
      calls.observe({ service, operation, outcome }, seconds);
      // Also for 0 retries: a counter must exist before its first increase, or rate() does not show that increase.
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
    help: 'Lookups in the cache of verified tokens.',
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
    help: 'Tokens in the cache of verified tokens.',
    registers,
    collect() {
      this.set(stats().size);
    },
  });
};

/** Creates a server of `GET /metrics` in Prometheus's text format. */
const metricsServer = (registry: Registry): Server =>
  createServer((req, res) => {
    const respond = (status: number, type: string, body: string, headers: Record<string, string> = {}) =>
      res
        .writeHead(status, { ...headers, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
        .end(req.method === 'HEAD' ? undefined : body);
    const respondWithError = (status: number, message: string, headers?: Record<string, string>) =>
      respond(status, 'application/json; charset=utf-8', JSON.stringify({ message }), headers);

    if (req.url?.split('?')[0] !== '/metrics') respondWithError(404, 'Not Found');
    else if (req.method !== 'GET' && req.method !== 'HEAD')
      respondWithError(405, 'Method Not Allowed', { Allow: 'GET, HEAD' });
    else
      registry.metrics().then(
        (text) => respond(200, registry.contentType, text),
        (error: unknown) => respondWithError(500, `The metrics could not be read: ${String(error)}`),
      );
  });
