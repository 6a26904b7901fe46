import { generatedUser } from '../generated-table.ts';
import { jobRecord, objectUuid } from '../jobs.ts';
import { format } from '../report.ts';
import { summarise, type Goal, type Measurement, type Series } from '../measurement.ts';

export const growth: Measurement = {
  number: 11,
  name: 'growth',
  title: 'How it grows: connections and jobs',
  run: async (bench) => {
    const { env, generatedTable, table, tokenOf } = await bench.backend();
    const { service } = await bench.bundles();
    const server = await bench.server(service, { ...env, REQUEST_TIMEOUT_SECONDS: '600' });
    await table.put(jobRecord('grower', 1, 1));
    const token = await tokenOf('grower');
    const series: Series[] = [];

    const routes = [
      ['get-object-url', `get-object-url?job-id=1&object-uuid=${objectUuid(0)}`, 800],
      ['get, one file', 'get?job-id=1', 400],
    ] as const;
    const perSecond = new Map<string, number[]>();
    for (const [subject, path, requests] of routes) {
      const ask = (connections: number) =>
        bench.load(server.origin, {
          path: `/api/v1/jobs/${path}`,
          token,
          connections,
          requests: bench.size(requests, 4),
        });
      await ask(16);
      const [few, many] = [
        [1, 16, 64],
        [1, 2],
      ];
      for (let round = 0; round < bench.rounds(6); round++)
        for (const connections of bench.size(few, many)) {
          const key = `${subject}\n${connections}`;
          perSecond.set(key, [...(perSecond.get(key) ?? []), (await ask(connections)).perSecond]);
        }
    }
    for (const [key, samples] of perSecond) {
      const [subject = '', connections] = key.split('\n');
      series.push({ subject, at: Number(connections), unit: 'requests/s', samples });
    }

    const lister = await bench.server(service, {
      ...env,
      AWS_ENDPOINT_URL_DYNAMODB: generatedTable,
      REQUEST_TIMEOUT_SECONDS: '600',
    });
    const sizes = bench.size([10, 100, 1_000, 10_000, 100_000], [10, 100]);
    const microseconds = new Map<number, number[]>();
    for (let round = 0; round <= bench.rounds(6); round++)
      for (const jobs of sizes) {
        const requests = Math.max(1, Math.min(20, Math.round(20_000 / jobs)));
        const before = await lister.usage();
        await bench.load(lister.origin, {
          path: '/api/v1/jobs/list',
          token: await tokenOf(generatedUser(jobs)),
          requests,
        });
        const cpuMs = (await lister.usage()).cpuMs - before.cpuMs;
        // The first round is for the compiler.
        if (round > 0) microseconds.set(jobs, [...(microseconds.get(jobs) ?? []), cpuMs / requests]);
      }
    for (const [jobs, samples] of microseconds)
      series.push({ subject: 'list', at: jobs, unit: 'ms of CPU a list', samples });

    const medianOf = (key: string) => summarise(perSecond.get(key) ?? [NaN]).median;
    const [smallest, larger] = [sizes.at(-2) ?? 1, sizes.at(-1) ?? 1];
    const costOf = (jobs: number) => summarise(microseconds.get(jobs) ?? [NaN]).median / jobs;
    const most = bench.size(64, 2);
    const goals: Goal[] = [
      ...routes.map(([subject]) => ({
        what: `${subject}: requests/s at ${most} connections, of 1`,
        unit: 'times',
        samples: [medianOf(`${subject}\n${most}`) / medianOf(`${subject}\n1`)],
        atLeast: 1,
      })),
      {
        what: `CPU a job, list of ${format(larger)} of one of ${format(smallest)}`,
        unit: 'times',
        samples: [costOf(larger) / costOf(smallest)],
        atMost: 1.25,
      },
    ];
    return {
      series,
      goals,
      notes: [
        'The service, the local stack and the load share two cores, so that more connections cannot give much more.',
      ],
    };
  },
};
