import { toClient, version2Event } from '@jobs-api/e2e/gateway-events';
import { SESSION_TOKEN, type Bench } from '../bench.ts';
import { jobRecord, objectUuid } from '../jobs.ts';
import { interleave, ratio, type Measurement } from '../measurement.ts';
import type { Env } from '../server-process.ts';

interface FirstResponse {
  /** From the import of the bundle to the response. */
  readonly cpuMs: number;
  readonly response: unknown;
}

const startHandler = async (bench: Bench, file: string, event: object, env: Env) => {
  const started = await bench.helper<FirstResponse>('lambda-host.js', [file, JSON.stringify(event)], env);
  const { status, body } = toClient(started.message.response);
  if (status !== 200) throw new Error(`${file} returned ${status}: ${body.toString()}`);
  return started;
};

export const lambda: Measurement = {
  number: 7,
  name: 'lambda',
  title: 'Lambda: cold start and warm invocation',
  run: async (bench) => {
    const { env: withoutRole, table, tokenOf } = await bench.backend();
    const env = { ...withoutRole, AWS_SESSION_TOKEN: SESSION_TOKEN };
    const { handler, naiveHandler, emptyHandler, sdkImport } = await bench.bundles();
    await table.put(jobRecord('caller', 1, 1));
    const headers = [['Authorization', await tokenOf('caller')]] as const;
    const get = version2Event({ path: '/api/v1/jobs/get?job-id=1', headers });
    const link = version2Event({ path: `/api/v1/jobs/get-object-url?job-id=1&object-uuid=${objectUuid(0)}`, headers });
    const nothing = version2Event({ path: '/', headers });

    const cold = (file: string, event: object) => async (): Promise<number> => {
      const { message, stop } = await startHandler(bench, file, event, { ...env, LOG_LEVEL: 'info' });
      await stop();
      return message.cpuMs;
    };
    const subjects = {
      naive: cold(naiveHandler, get),
      ours: cold(handler, get),
      sdk: cold(sdkImport, nothing),
      express: cold(emptyHandler, nothing),
    };
    await interleave(bench.rounds(2), subjects);
    const first = await interleave(bench.rounds(21), subjects);

    const [ours, empty] = [
      await startHandler(bench, handler, link, env),
      await startHandler(bench, emptyHandler, nothing, env),
    ];
    const count = bench.size(5_000, 2);
    const warmSubjects = {
      ours: async () => ((await ours.ask({ event: link, count })) as { cpuUs: number }).cpuUs,
      empty: async () => ((await empty.ask({ event: nothing, count })) as { cpuUs: number }).cpuUs,
    };
    await interleave(bench.rounds(4), warmSubjects);
    const warm = await interleave(bench.rounds(21), warmSubjects);

    const [unit, warmUnit] = ['ms of CPU to the first response', 'µs of CPU, warm'];
    return {
      series: [
        { subject: 'baseline', unit, samples: first.naive },
        { subject: 'ours', unit, samples: first.ours },
        { subject: 'import of the SDK clients', unit, samples: first.sdk },
        { subject: 'empty Express app', unit, samples: first.express },
        { subject: 'empty Express app', unit: warmUnit, samples: warm.empty },
        { subject: 'ours, get-object-url', unit: warmUnit, samples: warm.ours },
      ],
      goals: [
        {
          what: 'times less CPU than the baseline, cold',
          unit: 'times',
          samples: ratio(first.naive, first.ours),
          atLeast: 2.2,
        },
        { what: 'of the import of the SDK clients, cold', unit: 'times', samples: ratio(first.ours, first.sdk) },
        { what: 'of an empty Express app, warm', unit: 'times', samples: ratio(warm.ours, warm.empty), atMost: 2 },
      ],
      notes: [
        'Fresh processes, from the import of the bundle on. The first response is a `get` of one file: it fetches the token keys, calls DynamoDB and signs two links. The empty app runs in serverless-express. The profiles behind the missed goals: docs/decisions/0012-cold-start.md and 0014-warm-requests.md.',
      ],
    };
  },
};
