import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toClient, version2Event } from '@jobs-api/e2e/gateway-events';
import { SESSION_TOKEN } from '../bench.ts';
import type { Bench } from '../bench.ts';
import { jobRecord, objectUuid } from '../jobs.ts';
import { interleave, ratio } from '../measurement.ts';
import type { Measurement } from '../measurement.ts';
import type { Env } from '../server-process.ts';

interface FirstAnswer {
  /** From before the bundle is loaded to the answer. */
  readonly initMs: number;
  /** From the start of the process to the answer. */
  readonly sinceStartMs: number;
  readonly answer: unknown;
}

const startHandler = async (bench: Bench, file: string, event: object, env: Env) => {
  const started = await bench.helper<FirstAnswer>('lambda-host.js', [file, JSON.stringify(event)], env);
  const { status, body } = toClient(started.message.answer);
  if (status !== 200) throw new Error(`${file} answered ${status}: ${body.toString()}`);
  return started;
};

export const lambda: Measurement = {
  number: 7,
  name: 'lambda',
  title: 'Lambda: from loading to the first answer, and a warm invocation',
  run: async (bench) => {
    const { env: withoutRole, table, tokenOf } = await bench.backend();
    const env = { ...withoutRole, AWS_SESSION_TOKEN: SESSION_TOKEN };
    const { handler, naiveHandler, emptyHandler } = await bench.bundles();
    await table.put(jobRecord('caller', 1, 1));
    const headers = [['Authorization', await tokenOf('caller')]] as const;
    const get = version2Event({ path: '/api/v1/jobs/get?job-id=1', headers });
    const link = version2Event({ path: `/api/v1/jobs/get-object-url?job-id=1&object-uuid=${objectUuid(0)}`, headers });
    const nothing = version2Event({ path: '/', headers });

    const sinceStart: Record<string, number[]> = {};
    const cold =
      (name: string, file: string, more: Env = {}) =>
      async (): Promise<number> => {
        const { message, stop } = await startHandler(bench, file, get, { ...env, LOG_LEVEL: 'info', ...more });
        await stop();
        (sinceStart[name] ??= []).push(message.sinceStartMs);
        return message.initMs;
      };
    // Node 22 and later keep what was compiled; an earlier one does not look at the variable.
    const directory = await mkdtemp(join(tmpdir(), 'jobs-api-compile-cache-'));
    const NODE_COMPILE_CACHE = directory;
    const hasCompileCache = Number(process.versions.node.split('.')[0]) >= 22;
    const cached = cold('cached', handler, { NODE_COMPILE_CACHE });
    const subjects: Record<string, () => Promise<number>> = {
      naive: cold('naive', naiveHandler),
      ours: cold('ours', handler),
      ...(hasCompileCache && { cached }),
    };
    await interleave(bench.size(2, 1), subjects);
    for (const name of Object.keys(sinceStart)) sinceStart[name] = [];
    const first = await interleave(bench.size(20, 1), subjects);
    await rm(directory, { recursive: true });

    const [ours, empty] = [
      await startHandler(bench, handler, link, env),
      await startHandler(bench, emptyHandler, nothing, env),
    ];
    const count = bench.size(5_000, 2);
    const warmSubjects = {
      ours: async () => ((await ours.ask({ event: link, count })) as { cpuUs: number }).cpuUs,
      empty: async () => ((await empty.ask({ event: nothing, count })) as { cpuUs: number }).cpuUs,
    };
    await interleave(bench.size(2, 1), warmSubjects);
    const warm = await interleave(bench.size(15, 1), warmSubjects);

    const [naiveFirst, oursFirst, cachedFirst] = [first.naive ?? [], first.ours ?? [], first.cached];
    const [unit, warmUnit] = ['ms to the first answer', 'µs of CPU, warm'];
    return {
      series: [
        { subject: 'baseline', unit, samples: naiveFirst },
        { subject: 'ours', unit, samples: oursFirst },
        ...(cachedFirst ? [{ subject: "ours, with Node's compile cache", unit, samples: cachedFirst }] : []),
        { subject: 'baseline, Node’s own start included', unit, samples: sinceStart.naive ?? [] },
        { subject: 'ours, Node’s own start included', unit, samples: sinceStart.ours ?? [] },
        { subject: 'an empty Express app', unit: warmUnit, samples: warm.empty },
        { subject: 'ours, get-object-url', unit: warmUnit, samples: warm.ours },
      ],
      goals: [
        { what: 'times sooner than the baseline', unit: 'times', samples: ratio(naiveFirst, oursFirst), atLeast: 1.5 },
        {
          what: 'of an empty Express app in serverless-express, warm',
          unit: 'times',
          samples: ratio(warm.ours, warm.empty),
          atMost: 1.5,
        },
      ],
      chart: { kind: 'bars', unit },
      notes: [
        `${oursFirst.length} fresh processes each. The first answer is a \`get\` of a job of one file: it fetches the token keys, asks DynamoDB and signs two links. Both bundles hold all they need, the SDK among it.`,
        'Our handler writes its line of log, which an empty app does not. On Node 24.9, where an empty app takes a fifth of this, ours takes three times as much as that one (docs/decisions/0010-messages-made-for-express.md).',
        `Links with a session token of ${SESSION_TOKEN.length} characters.`,
      ],
    };
  },
};
