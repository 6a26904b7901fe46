import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { toClient, version2Event } from '@jobs-api/e2e/gateway-events';
import { SESSION_TOKEN } from '../bench.ts';
import { generatedUserId } from '../generated-table.ts';
import { cpuTime, type Measurement, type Series } from '../measurement.ts';

interface HandlerMessage {
  readonly response: unknown;
}

/** Returns the greatest size up to `limit` that passes. Every smaller size must pass too. */
const greatest = async (limit: number, step: number, passes: (size: number) => Promise<boolean>): Promise<number> => {
  let [low, high] = [0, Math.floor(limit / step)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (await passes(middle * step)) low = middle;
    else high = middle - 1;
  }
  return low * step;
};

const brotli = (body: Buffer) =>
  brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 2, [constants.BROTLI_PARAM_LGWIN]: 18 } });
const gzip = (body: Buffer) => gzipSync(body, { level: 4, strategy: constants.Z_FILTERED });

export const bodySizes: Measurement = {
  number: 8,
  name: 'body-sizes',
  title: 'The largest responses on Lambda',
  run: async (bench) => {
    const { env, generatedTable, tokenOf } = await bench.backend();
    const { handler } = await bench.bundles();
    const userId = generatedUserId(bench.size(1_000, 5));
    const event = async (path: string, userId: string, encoding?: string) =>
      version2Event({
        path: `/api/v1/jobs/${path}`,
        headers: [
          ['Authorization', await tokenOf(userId)],
          ...(encoding === undefined ? [] : [['Accept-Encoding', encoding] as const]),
        ],
      });
    const get = 'get?job-id=1';
    const { ask } = await bench.helper<HandlerMessage>(
      'lambda-host.js',
      [handler, JSON.stringify(await event(get, userId))],
      {
        ...env,
        AWS_ENDPOINT_URL_DYNAMODB: generatedTable,
        AWS_SESSION_TOKEN: SESSION_TOKEN,
        REQUEST_TIMEOUT_SECONDS: '600',
        LOG_LEVEL: 'silent',
      },
    );
    const responseTo = async (...of: Parameters<typeof event>) =>
      toClient(((await ask({ event: await event(...of), count: 1 })) as HandlerMessage).response);

    const series: Series[] = [];
    const sizeUnit = '% of the body';
    for (const [at, path] of [
      ['get, 1,000 files', get],
      ['list, 1,000 jobs', 'list'],
    ] as const) {
      const { body } = await responseTo(path, userId);
      const levels = [
        ['br 2', brotli],
        ['gzip 4, filtered', gzip],
      ] as const;
      for (const [subject, compress] of levels) {
        const left = (compress(body).length * 100) / body.length;
        const times: number[] = [];
        for (let round = 0; round < bench.rounds(7); round++) times.push(await cpuTime(() => compress(body)));
        series.push({ subject, at, unit: sizeUnit, samples: [left] });
        series.push({ subject, at, unit: 'ms of CPU', samples: times });
      }
    }

    const limits: [what: string, path: string, limit: number, step: number, goal: number][] = [
      ['files in a job', get, 60_000, 500, 30_000],
      ['jobs in a list', 'list', 400_000, 5_000, 150_000],
    ];
    const goals = [];
    for (const [what, path, limit, step, goal] of limits) {
      for (const encoding of [undefined, 'gzip', 'br']) {
        const passes = async (size: number) => {
          const { status, body } = await responseTo(path, generatedUserId(size), encoding);
          if (status === 200) return true;
          const { message } = JSON.parse(body.toString()) as { message: string };
          if (status === 413 && message.startsWith('The answer is too large')) return false;
          throw new Error(`${path} of ${size} returned ${status}: ${message}`);
        };
        const fitting = await greatest(bench.size(limit, step), encoding ? step : step / 10, passes);
        goals.push({
          what: `${what} that fit, ${encoding ?? 'not compressed'}`,
          unit: what,
          samples: [fitting],
          ...(encoding && { atLeast: goal }),
        });
      }
    }
    return {
      series,
      goals,
      notes: [
        'Larger responses are 413. Other levels: docs/decisions/0013-compression-levels.md. An item of DynamoDB holds 400 KB, about 4,000 files, so no job is too large for a client that accepts compression.',
      ],
    };
  },
};
