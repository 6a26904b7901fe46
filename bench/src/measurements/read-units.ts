import { jobRecord } from '../jobs.ts';
import type { Goal, Measurement, Series } from '../measurement.ts';
import { startMeter } from '../meter.ts';

const text = (name: string, value: string) => name.length + value.length;
const number = (name: string, value: number) => name.length + Math.ceil(String(value).length / 2) + 1;

/**
 * Size of the listed attributes of a job, as DynamoDB counts it
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
 */
const listedBytes = (job: ReturnType<typeof jobRecord>): number =>
  text('userId', job.userId) +
  number('jobId', job.jobId) +
  text('jobName', job.jobName ?? '') +
  text('date', job.date ?? '') +
  number('contentLength', job.totalSize ?? 0) +
  number('creditsSpent', job.creditsSpent ?? 0) +
  text('status', job.status ?? '');

/** Half a unit for every 4 KB that were begun. */
const unitsFor = (bytes: number): number => Math.ceil(bytes / 4_096) / 2;

const NOTES = [
  'The baseline asks the table for the attributes it wants, which DynamoDB charges as if it had asked for all; ours asks the index (`JOBS_SUMMARY_INDEX`). The units are those of the local stand-in (dynalite), by the rules of DynamoDB.',
];

export const readUnits: Measurement = {
  number: 2,
  name: 'read-units',
  title: 'Read units of a list of 1,000 jobs',
  run: async (bench) => {
    const { env, table, tokenOf } = await bench.backend();
    const { service, naiveServer } = await bench.bundles();
    const jobs = bench.size(1_000, 20);
    const meter = await startMeter(env.AWS_ENDPOINT_URL_DYNAMODB);
    const metered = { ...env, AWS_ENDPOINT_URL_DYNAMODB: meter.endpoint, REQUEST_TIMEOUT_SECONDS: '600' };
    const [ours, naive] = [await bench.server(service, metered), await bench.server(naiveServer, metered)];

    const series: Series[] = [];
    const ratios: number[] = [];
    const gains: number[] = [];
    for (const files of bench.size([1, 10, 100, 1_000], [1, 10])) {
      const userId = `0a4e2f8c-7b1d-4e3a-9c55-${String(files).padStart(12, '0')}`;
      const records = Array.from({ length: jobs }, (_, index) => jobRecord(userId, index + 1, files));
      await table.putMany(records);
      const token = await tokenOf(userId);
      const unitsOf = async (origin: string) => {
        meter.read();
        await bench.load(origin, { path: '/api/v1/jobs/list', token, requests: 1 });
        return meter.read().readUnits;
      };
      const [dear, cheap] = [await unitsOf(naive.origin), await unitsOf(ours.origin)];
      series.push({ subject: 'baseline', at: files, unit: 'read units', samples: [dear] });
      series.push({ subject: 'ours', at: files, unit: 'read units', samples: [cheap] });
      ratios.push(cheap / unitsFor(records.reduce((bytes, record) => bytes + listedBytes(record), 0)));
      gains.push(dear / cheap);
    }
    const goals: Goal[] = [
      { what: 'of what the listed bytes cost', unit: 'times', samples: ratios, atMost: 1.05 },
      { what: 'times fewer than the baseline, 1 to 1,000 files', unit: 'times', samples: gains },
    ];
    return { series, goals, notes: NOTES };
  },
};
