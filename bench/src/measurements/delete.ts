import { request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { jobRecord } from '../jobs.ts';
import { interleave, ratio, type Measurement } from '../measurement.ts';
import { startMeter } from '../meter.ts';

export const deletion: Measurement = {
  number: 9,
  name: 'delete',
  title: 'Deleting a job of 10,000 objects',
  run: async (bench) => {
    const { env, table, bucket, tokenOf } = await bench.backend();
    const { service, naiveServer } = await bench.bundles();
    const objects = bench.size(10_000, 5);
    const roundTripMs = bench.size(100, 1);
    const [s3, dynamo] = await Promise.all([
      startMeter(env.AWS_ENDPOINT_URL_S3, { roundTripMs }),
      startMeter(env.AWS_ENDPOINT_URL_DYNAMODB, { roundTripMs: 0 }),
    ]);
    const metered = {
      ...env,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
      REQUEST_TIMEOUT_SECONDS: '600',
    };
    const [ours, naive] = [await bench.server(service, metered), await bench.server(naiveServer, metered)];
    const token = await tokenOf('deleter');
    const calls: Record<'ours' | 'naive', number[]> = { ours: [], naive: [] };

    const seconds = (subject: 'ours' | 'naive', origin: string) => async (): Promise<number> => {
      await table.put(jobRecord('deleter', 1, 1));
      const names = Array.from({ length: objects }, (_, index) => `deleter/1/${index}.png`);
      while (names.length > 0) await Promise.all(names.splice(0, 50).map((name) => bucket.put(name, '')));
      s3.read();
      dynamo.read();
      const start = performance.now();
      const asked = request(`${origin}/api/v1/jobs/delete?job-id=1`, {
        method: 'DELETE',
        headers: { Authorization: token },
      }).end();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      await once(response.resume(), 'end');
      if (response.statusCode !== 200) throw new Error(`the delete returned ${response.statusCode}`);
      calls[subject].push(s3.read().calls + dynamo.read().calls);
      return (performance.now() - start) / 1_000;
    };
    const took = await interleave(bench.rounds(3), {
      naive: seconds('naive', naive.origin),
      ours: seconds('ours', ours.origin),
    });
    const left = await bucket.contents('deleter/1/');
    if (left.length > 0) throw new Error(`${left.length} objects were left`);

    const pages = Math.ceil(objects / 1_000);
    // A look for uploads, each page listed and deleted, two looks that find nothing, the record, two looks once more.
    const least = 1 + 2 * pages + 2 + 1 + 2;
    return {
      series: [
        { subject: 'baseline', unit: 'calls', samples: calls.naive },
        { subject: 'ours', unit: 'calls', samples: calls.ours },
        { subject: 'baseline', unit: 's', samples: took.naive },
        { subject: 'ours', unit: 's', samples: took.ours },
      ],
      goals: [
        {
          what: 'of the least number of calls',
          unit: 'times',
          samples: calls.ours.map((count) => count / least),
          atMost: 1.2,
        },
        { what: 'of the time of the baseline', unit: 'times', samples: ratio(took.ours, took.naive) },
      ],
      notes: [
        `Each call to S3 takes at least ${roundTripMs} ms, as over a network. The least is ${least} calls: each page of 1,000 is listed and deleted once; the others look for unfinished uploads and late arrivals, which the baseline leaves behind.`,
      ],
    };
  },
};
