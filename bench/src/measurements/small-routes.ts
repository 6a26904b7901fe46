import { SESSION_TOKEN } from '../bench.ts';
import { jobRecord, objectUuid } from '../jobs.ts';
import { interleave, ratio, type Measurement } from '../measurement.ts';
import type { ServerProcess } from '../server-process.ts';

/** Enough to keep all processes awake: waking one up takes more CPU than a response. */
const CONNECTIONS = 32;

export const smallRoutes: Measurement = {
  number: 5,
  name: 'small-routes',
  title: 'CPU of small requests',
  run: async (bench) => {
    const { env, table, tokenOf } = await bench.backend();
    const { service, naiveServer, emptyServer, bareServer, sdkCall } = await bench.bundles();
    const requests = bench.size(1_000, 4);
    await table.put(jobRecord('clicker', 1, 1));
    const token = await tokenOf('clicker');
    const [ours, naive, empty, bare] = await Promise.all(
      [service, naiveServer, emptyServer, bareServer].map((file) =>
        bench.server(file, { ...env, AWS_SESSION_TOKEN: SESSION_TOKEN }),
      ),
    );
    const sdk = await bench.helper(sdkCall, [], { ...env, AWS_SESSION_TOKEN: SESSION_TOKEN });

    const perRequest =
      (server: ServerProcess | undefined, path: string, options: { token?: string; status?: number } = {}) =>
      async (): Promise<number> => {
        const { origin, usage } = server as ServerProcess;
        const before = await usage();
        await bench.load(origin, { path, token, connections: CONNECTIONS, requests, ...options });
        return (((await usage()).cpuMs - before.cpuMs) * 1_000) / requests;
      };
    const link = `/api/v1/jobs/get-object-url?job-id=1&object-uuid=${objectUuid(0)}`;
    const get = '/api/v1/jobs/get?job-id=1';
    const garbage = { token: 'garbage', status: 401 };
    const subjects = {
      naiveLink: perRequest(naive, link),
      oursLink: perRequest(ours, link),
      bareLink: perRequest(bare, link),
      naiveGet: perRequest(naive, get),
      oursGet: perRequest(ours, get),
      getItem: async () => ((await sdk.ask(requests)) as { cpuUs: number }).cpuUs,
      naiveRefusal: perRequest(naive, link, garbage),
      oursRefusal: perRequest(ours, link, garbage),
      bareRefusal: perRequest(bare, link, garbage),
      empty: perRequest(empty, '/'),
    };
    // Thousands of requests pass until the compiler has optimized everything.
    await interleave(bench.rounds(5), subjects);
    const us = await interleave(bench.rounds(15), subjects);

    const unit = 'µs of CPU a request';
    const [atLink, atGet, at401] = ['get-object-url', 'get, one file', '401, garbage token'];
    return {
      series: [
        { subject: 'baseline', at: atLink, unit, samples: us.naiveLink },
        { subject: 'ours', at: atLink, unit, samples: us.oursLink },
        { subject: 'bare `node:http`', at: atLink, unit, samples: us.bareLink },
        { subject: 'baseline', at: atGet, unit, samples: us.naiveGet },
        { subject: 'ours', at: atGet, unit, samples: us.oursGet },
        { subject: 'bare `GetItem` of the SDK', at: atGet, unit, samples: us.getItem },
        { subject: 'baseline', at: at401, unit, samples: us.naiveRefusal },
        { subject: 'ours', at: at401, unit, samples: us.oursRefusal },
        { subject: 'bare `node:http`', at: at401, unit, samples: us.bareRefusal },
        { subject: 'empty Express app', unit, samples: us.empty },
      ],
      goals: [
        { what: `times less CPU, ${atLink}`, unit: 'times', samples: ratio(us.naiveLink, us.oursLink), atLeast: 4 },
        { what: `of bare \`node:http\`, ${atLink}`, unit: 'times', samples: ratio(us.oursLink, us.bareLink) },
        { what: `times less CPU, ${atGet}`, unit: 'times', samples: ratio(us.naiveGet, us.oursGet) },
        { what: `of a bare \`GetItem\`, ${atGet}`, unit: 'times', samples: ratio(us.oursGet, us.getItem), atMost: 1.3 },
        {
          what: `of the baseline, ${at401}`,
          unit: 'times',
          samples: ratio(us.oursRefusal, us.naiveRefusal),
          atMost: 0.5,
        },
        { what: `of bare \`node:http\`, ${at401}`, unit: 'times', samples: ratio(us.oursRefusal, us.bareRefusal) },
      ],
      notes: [
        `Links have a session token of ${SESSION_TOKEN.length} characters, and ${CONNECTIONS} requests are made at a time. Ours logs each request; the baseline, the bare server and the empty app log nothing. The profiles behind the missed goals: docs/decisions/0014-warm-requests.md.`,
      ],
    };
  },
};
