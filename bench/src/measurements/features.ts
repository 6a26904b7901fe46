import { SESSION_TOKEN, type Bench } from '../bench.ts';
import { jobRecord } from '../jobs.ts';
import { interleave, ratio, type Goal, type Measurement } from '../measurement.ts';
import { startMeter } from '../meter.ts';
import type { ServerProcess } from '../server-process.ts';

const BASE = '/api/v1/jobs';
const LARGE_JOB = 1_000_000;

export const features: Measurement = {
  number: 12,
  name: 'features',
  title: 'Features, of what clients do without them',
  run: async (bench: Bench) => {
    const { env, table, tokenOf } = await bench.backend();
    const { service, wholeServer } = await bench.bundles();
    const meter = await startMeter(env.AWS_ENDPOINT_URL_DYNAMODB);
    const metered = { ...env, AWS_ENDPOINT_URL_DYNAMODB: meter.endpoint };
    const withToken = { ...metered, AWS_SESSION_TOKEN: SESSION_TOKEN };
    const [ours, streaming, whole] = [
      await bench.server(service, metered),
      await bench.server(service, withToken),
      await bench.server(wholeServer, withToken),
    ];
    const [jobs, files] = [bench.size(1_000, 20), bench.size(1_000, 10)];
    // One job in a hundred has failed.
    const statusOf = (jobId: number) => (jobId % 100 === 0 ? 'failed_critical' : 'success');
    const records = Array.from({ length: jobs }, (_, index) => jobRecord('watcher', index + 1, 1));
    await table.putMany(records.map((record) => ({ ...record, status: statusOf(record.jobId) })));
    await table.put(jobRecord('poller', LARGE_JOB, files));
    const tokens = { watcher: await tokenOf('watcher'), poller: await tokenOf('poller') };

    const readUnits: Record<string, number[]> = {};
    /** Returns the CPU time of one request or of `group` requests, in milliseconds. */
    const cpu =
      (server: ServerProcess, path: string, { userId = 'watcher', method = 'GET', group = 1, groups = 20 } = {}) =>
      async (): Promise<number> => {
        const times = bench.size(groups, 1);
        meter.read();
        const before = await server.usage();
        const token = tokens[userId as keyof typeof tokens];
        const requests = times * group;
        await bench.load(server.origin, { method, path: `${BASE}/${path}`, token, connections: 4, requests });
        const { cpuMs } = await server.usage();
        readUnits[`${userId} ${path}`] = [meter.read().readUnits / times];
        return (cpuMs - before.cpuMs) / times;
      };
    const ids = Array.from({ length: 10 }, (_, index) => index + 1).join();
    const onLarge = { userId: 'poller' };
    const subjects = {
      poll: cpu(ours, `list?job-ids=${LARGE_JOB}`, { ...onLarge, groups: 200 }),
      streamed: cpu(streaming, `get?job-id=${LARGE_JOB}`, onLarge),
      whole: cpu(whole, `get?job-id=${LARGE_JOB}`, onLarge),
      tenById: cpu(ours, `list?job-ids=${ids}`, { groups: 40 }),
      tenGets: cpu(ours, 'get?job-id=1', { group: 10, groups: 40 }),
      list: cpu(ours, 'list'),
      filtered: cpu(ours, 'list?status=failed_critical'),
      deleted: cpu(ours, 'delete?job-id=2000', { method: 'DELETE', groups: 100 }),
      receipt: cpu(ours, 'delete?job-id=2000&include=receipt', { method: 'DELETE', groups: 100 }),
    };
    await interleave(bench.rounds(5), subjects);
    const ms = await interleave(bench.rounds(15), subjects);

    // A client for each connection, so that the bodies are in memory at the same time.
    const peakMb = async ({ origin, usage }: ServerProcess): Promise<number> => {
      const connections = bench.size(64, 2);
      const path = `${BASE}/get?job-id=${LARGE_JOB}`;
      await bench.load(origin, { path, token: tokens.poller, connections, requests: 2 * connections });
      return (await usage()).peakRssBytes / 1e6;
    };
    const [streamedMb, wholeMb] = [[await peakMb(streaming)], [await peakMb(whole)]];

    const of = (what: string, dividend: readonly number[] = [], divisor: readonly number[] = []): Goal => ({
      what,
      unit: 'times',
      samples: ratio(dividend, divisor),
    });
    const units = (path: string, userId = 'watcher') => readUnits[`${userId} ${path}`];
    const unit = 'ms of CPU';
    return {
      series: [
        { subject: 'poll by `list?job-ids`', unit, samples: ms.poll },
        { subject: 'poll by `get`', unit, samples: ms.streamed },
        { subject: 'ten jobs by `list?job-ids`', unit, samples: ms.tenById },
        { subject: 'by ten `get`s', unit, samples: ms.tenGets },
        { subject: 'list', unit, samples: ms.list },
        { subject: 'filtered list', unit, samples: ms.filtered },
        { subject: 'delete', unit, samples: ms.deleted },
        { subject: 'delete with a receipt', unit, samples: ms.receipt },
        { subject: 'streamed `get`', unit: 'MB at 64 connections', samples: streamedMb },
        { subject: 'a `get` made in memory', unit: 'MB at 64 connections', samples: wholeMb },
      ],
      goals: [
        { ...of('poll by list?job-ids: CPU of a poll by get', ms.poll, ms.streamed), atMost: 0.01 },
        {
          ...of(
            'poll by list?job-ids: read units of a poll by get',
            units(`list?job-ids=${LARGE_JOB}`, 'poller'),
            units(`get?job-id=${LARGE_JOB}`, 'poller'),
          ),
          atMost: 0.01,
        },
        of('ten jobs by list?job-ids: CPU of ten gets', ms.tenById, ms.tenGets),
        of('ten jobs by list?job-ids: CPU of a list of 1,000', ms.tenById, ms.list),
        of('ten jobs by list?job-ids: read units of a list', units(`list?job-ids=${ids}`), units('list')),
        of('filtered list: CPU of the whole list', ms.filtered, ms.list),
        of('delete with a receipt: CPU of one without', ms.receipt, ms.deleted),
        of('streamed get: CPU of a body made in memory', ms.streamed, ms.whole),
        of('streamed get: memory of a body made in memory', streamedMb, wholeMb),
      ],
      notes: [
        'The polled job has 1,000 files. Polls cannot reach 1 %: one call of the SDK takes more than 1 % of the CPU of that `get`, and half a read unit, the least that DynamoDB charges, is 2 % of its 24. One job in a hundred matches the filter, which the service applies: it saves the client, not DynamoDB, the rest of the list. Deletes find nothing to delete.',
      ],
    };
  },
};
