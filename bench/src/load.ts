import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';

export interface LoadOptions {
  readonly path: string;
  readonly token: string;
  readonly connections?: number;
  readonly requests: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoadResult {
  readonly seconds: number;
  readonly perSecond: number;
  /** Milliseconds, ascending. */
  readonly latencies: readonly number[];
  readonly bytes: number;
}

/** Keeps so many connections busy, each asking again as soon as it has its answer, until all requests are answered. */
export const load = async (origin: string, options: LoadOptions): Promise<LoadResult> => {
  const { path, token, connections = 1, requests } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const headers = { Authorization: token, ...options.headers };
  const latencies: number[] = [];
  let bytes = 0;
  let left = requests;

  const ask = () =>
    new Promise<void>((resolve, reject) => {
      const start = performance.now();
      const onAnswer = (answer: IncomingMessage) => {
        if (answer.statusCode !== 200) reject(new Error(`${path} answered ${answer.statusCode}`));
        answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
        answer.on('error', reject).on('end', () => {
          latencies.push(performance.now() - start);
          resolve();
        });
      };
      get(origin + path, { agent, headers }, onAnswer).on('error', reject);
    });

  const start = performance.now();
  const connection = async () => {
    while (left-- > 0) await ask();
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const seconds = (performance.now() - start) / 1000;
  agent.destroy();
  return { seconds, perSecond: requests / seconds, latencies: latencies.sort((a, b) => a - b), bytes };
};

/** The latency that so many percent of the requests did not exceed. */
export const percentile = ({ latencies }: LoadResult, percent: number): number =>
  latencies[Math.ceil((latencies.length * percent) / 100) - 1] as number;
