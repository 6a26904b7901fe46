import { generatedUserId, type GeneratedPage } from '../generated-table.ts';
import { jobRecord, objectUuid } from '../jobs.ts';
import { format } from '../report.ts';
import { cpuTime, interleave, ratio, summarise, type Goal, type Measurement, type Series } from '../measurement.ts';

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
          token: await tokenOf(generatedUserId(jobs)),
          requests,
        });
        const cpuMs = (await lister.usage()).cpuMs - before.cpuMs;
        // The first round is for the compiler.
        if (round > 0) microseconds.set(jobs, [...(microseconds.get(jobs) ?? []), cpuMs / requests]);
      }
    for (const [jobs, samples] of microseconds)
      series.push({ subject: 'list', at: jobs, unit: 'ms of CPU a list', samples });

    // The floor: all pages are parsed, and their records are kept until the last page has been parsed.
    const [smallest, larger] = [sizes.at(-2) ?? 1, sizes.at(-1) ?? 1];
    const [fewPages, manyPages] = await Promise.all([smallest, larger].map((jobs) => pagesOf(generatedTable, jobs)));
    const floor = await interleave(bench.rounds(6) + 1, {
      few: () => cpuTime(() => times(larger / smallest, () => parseAndKeep(fewPages ?? []))),
      many: () => cpuTime(() => parseAndKeep(manyPages ?? [])),
    });

    const medianOf = (key: string) => summarise(perSecond.get(key) ?? [NaN]).median;
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
      {
        what: 'the same, of parsing and keeping the records alone',
        unit: 'times',
        // The first round is for the compiler.
        samples: ratio(floor.many, floor.few).slice(1),
      },
    ];
    return {
      series,
      goals,
      notes: [
        'The service, the local stack and the load share two cores, so that more connections cannot give much more. The records of all pages of a list are kept until the response begins, which the last row measures alone.',
      ],
    };
  },
};

/** Returns the pages of the list of a generated user, as texts. */
const pagesOf = async (generatedTable: string, jobs: number): Promise<readonly string[]> => {
  const pages: string[] = [];
  let start: object | undefined;
  do {
    const query = { ExpressionAttributeValues: { ':userId': { S: generatedUserId(jobs) } }, ExclusiveStartKey: start };
    const page = await (await fetch(generatedTable, { method: 'POST', body: JSON.stringify(query) })).text();
    start = (JSON.parse(page) as GeneratedPage).LastEvaluatedKey;
    pages.push(page);
  } while (start);
  return pages;
};

/** Does the least that a list of many pages needs, because all pages are read before the response begins. */
const parseAndKeep = (pages: readonly string[]): readonly object[] => {
  const records: object[] = [];
  for (const page of pages)
    for (const { jobId, jobName, date, contentLength, creditsSpent } of (JSON.parse(page) as GeneratedPage).Items)
      records.push({
        jobId: Number(jobId.N),
        jobName: jobName.S,
        date: date.S,
        totalSize: Number(contentLength.N),
        creditsSpent: Number(creditsSpent.N),
      });
  return records;
};

const times = (count: number, call: () => unknown): void => {
  for (let time = 0; time < count; time++) call();
};
