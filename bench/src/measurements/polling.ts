import { startMeter } from '../meter.ts';
import type { Bench } from '../bench.ts';
import { jobRecord } from '../jobs.ts';
import { interleave, ratio, type Measurement } from '../measurement.ts';

/** A client that polls every two seconds for a minute. */
const POLLS = 30;

export const polling: Measurement = {
  number: 12,
  name: 'polling',
  title: 'Polling a job of 1,000 files for a minute',
  run: async (bench: Bench) => {
    const { env, table, tokenOf } = await bench.backend();
    const { service } = await bench.bundles();
    const meter = await startMeter(env.AWS_ENDPOINT_URL_DYNAMODB);
    const { origin, usage } = await bench.server(service, { ...env, AWS_ENDPOINT_URL_DYNAMODB: meter.endpoint });
    await table.put(jobRecord('waiter', 1, bench.size(1_000, 10)));
    const token = await tokenOf('waiter');
    const polls = bench.size(POLLS, 3);

    const readUnits: Record<string, number> = {};
    const poll = (path: string) => async (): Promise<number> => {
      meter.read();
      const before = await usage();
      await bench.load(origin, { path: `/api/v1/jobs/${path}`, token, requests: polls });
      const ms = (await usage()).cpuMs - before.cpuMs;
      readUnits[path] = meter.read().readUnits;
      return ms;
    };
    const [list, get] = ['list?job-ids=1', 'get?job-id=1'];
    const subjects = { list: poll(list), get: poll(get) };
    await interleave(bench.size(3, 1), subjects);
    const ms = await interleave(bench.size(7, 1), subjects);

    const [cheap, dear] = [[readUnits[list] ?? NaN], [readUnits[get] ?? NaN]];
    const unit = 'ms of CPU a minute';
    return {
      series: [
        { subject: 'get', unit, samples: ms.get },
        { subject: 'list?job-ids', unit, samples: ms.list },
        { subject: 'get', unit: 'read units a minute', samples: dear },
        { subject: 'list?job-ids', unit: 'read units a minute', samples: cheap },
      ],
      goals: [
        { what: 'of the CPU of polling get', unit: 'times', samples: ratio(ms.list, ms.get), atMost: 0.01 },
        { what: 'of the read units of polling get', unit: 'times', samples: ratio(cheap, dear), atMost: 0.01 },
      ],
      notes: [
        `${POLLS} requests, one every two seconds. Links are signed without a session token.`,
        'Half a read unit is the least that DynamoDB charges for a query, and `get` of this record costs 24: no poll can cost less than 2 % of that. A client that waits longer between polls pays for fewer of them.',
      ],
    };
  },
};
