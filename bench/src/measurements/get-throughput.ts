import { SESSION_TOKEN } from '../bench.ts';
import { generatedUserId } from '../generated-table.ts';
import { percentile } from '../load.ts';
import { ratio, type Goal, type Measurement, type Series } from '../measurement.ts';

/** Number of rounds and requests of a case. The baseline takes a second per request. */
interface Plan {
  readonly connections: number;
  readonly rounds: number;
  readonly naive: number;
  readonly ours: number;
}

const FULL: readonly Plan[] = [
  { connections: 1, rounds: 9, naive: 3, ours: 120 },
  { connections: 64, rounds: 2, naive: 64, ours: 640 },
];
const QUICK: readonly Plan[] = [
  { connections: 1, rounds: 1, naive: 1, ours: 1 },
  { connections: 2, rounds: 1, naive: 2, ours: 2 },
];

export const getThroughput: Measurement = {
  number: 4,
  name: 'get-throughput',
  title: 'Getting a job of 1,000 files over HTTP',
  run: async (bench) => {
    const { env, generatedTable, tokenOf } = await bench.backend();
    const { service, naiveServer } = await bench.bundles();
    const files = bench.size(1_000, 5);
    const token = await tokenOf(generatedUserId(files));
    const patient = {
      ...env,
      AWS_ENDPOINT_URL_DYNAMODB: generatedTable,
      AWS_SESSION_TOKEN: SESSION_TOKEN,
      REQUEST_TIMEOUT_SECONDS: '600',
    };
    const [ours, naive] = [await bench.server(service, patient), await bench.server(naiveServer, patient)];
    const path = '/api/v1/jobs/get?job-id=1';
    await bench.load(ours.origin, { path, token, requests: bench.size(20, 1) });
    await bench.load(naive.origin, { path, token, requests: bench.size(2, 1) });

    const series: Series[] = [];
    const goals: Goal[] = [];
    for (const { connections, rounds, ...requests } of bench.size(FULL, QUICK)) {
      const perSecond: Record<'naive' | 'ours', number[]> = { naive: [], ours: [] };
      const p99: Record<'naive' | 'ours', number[]> = { naive: [], ours: [] };
      for (let round = 0; round < bench.rounds(rounds); round++) {
        for (const [subject, { origin }] of [
          ['naive', naive],
          ['ours', ours],
        ] as const) {
          const result = await bench.load(origin, { path, token, connections, requests: requests[subject] });
          perSecond[subject].push(result.perSecond);
          p99[subject].push(percentile(result, 99));
        }
      }
      for (const [unit, samples] of [
        ['requests/s', perSecond],
        ['ms, p99', p99],
      ] as const) {
        series.push({ subject: 'baseline', at: connections, unit, samples: samples.naive });
        series.push({ subject: 'ours', at: connections, unit, samples: samples.ours });
      }
      const at = `${connections} ${connections === 1 ? 'connection' : 'connections'}`;
      goals.push(
        {
          what: `times the requests a second, ${at}`,
          unit: 'times',
          samples: ratio(perSecond.ours, perSecond.naive),
          atLeast: 30,
        },
        { what: `times shorter p99, ${at}`, unit: 'times', samples: ratio(p99.naive, p99.ours), atLeast: 20 },
      );
    }
    return {
      series,
      goals,
      notes: [
        `The response has ${2 * files} links with a session token each and is not compressed. Service, local stack and load share two cores.`,
      ],
    };
  },
};
