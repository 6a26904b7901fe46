import { SESSION_TOKEN } from '../bench.ts';
import { generatedUserId } from '../generated-table.ts';
import { jobRecord } from '../jobs.ts';
import { summarise, type Measurement } from '../measurement.ts';

const MB = 1e6;

export const memory: Measurement = {
  number: 10,
  name: 'memory',
  title: 'Memory under load',
  run: async (bench) => {
    const { env, generatedTable, table, tokenOf } = await bench.backend();
    const { service } = await bench.bundles();
    const [jobs, files] = [bench.size(100_000, 50), bench.size(1_000, 5)];
    await table.put(jobRecord('keeper', 1, files));

    /** Megabytes, after each batch of requests. */
    const over = async (
      env: Readonly<Record<string, string>>,
      batches: number,
      ask: (origin: string) => Promise<unknown>,
    ) => {
      const server = await bench.server(service, env);
      const highest: number[] = [];
      for (let batch = 0; batch < batches; batch++) {
        let peak = 0;
        const look = async () => (peak = Math.max(peak, (await server.usage()).rssBytes / MB));
        let isDone = false;
        const watch = async () => {
          while (!isDone) {
            await look();
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        };
        const watching = watch();
        await ask(server.origin);
        isDone = true;
        await watching;
        highest.push(peak);
      }
      await server.stop();
      return highest;
    };
    const patient = { ...env, AWS_SESSION_TOKEN: SESSION_TOKEN, REQUEST_TIMEOUT_SECONDS: '600' };
    const [lister, keeper] = [await tokenOf(generatedUserId(jobs)), await tokenOf('keeper')];
    const idle = await over(patient, 1, async () => undefined);
    const batches = bench.size(9, 2);
    const lists = await over({ ...patient, AWS_ENDPOINT_URL_DYNAMODB: generatedTable }, batches, (origin) =>
      bench.load(origin, { path: '/api/v1/jobs/list', token: lister, requests: bench.size(2, 1) }),
    );
    const gets = await over(patient, batches, (origin) =>
      bench.load(origin, {
        path: '/api/v1/jobs/get?job-id=1',
        token: keeper,
        connections: bench.size(64, 2),
        requests: bench.size(128, 2),
      }),
    );
    const unit = 'MB resident';
    const [third, last] = [Math.floor(batches / 3), Math.floor((2 * batches) / 3)];
    /** What the last third of the time has come to, of what the middle third had. */
    const growth = (samples: number[]) => [
      summarise(samples.slice(last)).median / summarise(samples.slice(third, last + 1)).median,
    ];
    const numbered = (subject: string, samples: number[]) =>
      samples.map((sample, index) => ({ subject, at: index + 1, unit, samples: [sample] }));
    return {
      series: [
        { subject: 'idle', at: 1, unit, samples: idle },
        ...numbered(`listing ${jobs} jobs`, lists),
        ...numbered(`a job of ${files} files, 64 connections`, gets),
      ],
      goals: [
        { what: `peak, listing ${jobs} jobs`, unit: 'MB', samples: [Math.max(...lists)] },
        { what: `peak, get of ${files} files, 64 connections`, unit: 'MB', samples: [Math.max(...gets)] },
        {
          what: 'growth of the last third over the middle one, lists',
          unit: 'times',
          samples: growth(lists),
          atMost: 1.15,
        },
        {
          what: 'growth of the last third over the middle one, gets',
          unit: 'times',
          samples: growth(gets),
          atMost: 1.15,
        },
      ],
      notes: ['Highest resident memory of one process during each batch of requests, batch after batch.'],
    };
  },
};
