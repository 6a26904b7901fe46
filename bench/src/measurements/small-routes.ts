import { SESSION_TOKEN } from '../bench.ts';
import { jobRecord, objectUuid } from '../jobs.ts';
import { interleave, ratio } from '../measurement.ts';
import type { Measurement } from '../measurement.ts';
import type { ServerProcess } from '../server-process.ts';

export const smallRoutes: Measurement = {
  number: 5,
  name: 'small-routes',
  title: 'CPU of the small routes',
  run: async (bench) => {
    const { env, table, tokenOf } = await bench.backend();
    const { service, naiveServer, bareServer } = await bench.bundles();
    const requests = bench.size(400, 3);
    await table.put(jobRecord('clicker', 1, 1));
    const token = await tokenOf('clicker');
    const [ours, naive, bare] = await Promise.all(
      [service, naiveServer, bareServer].map((file) =>
        bench.server(file, { ...env, AWS_SESSION_TOKEN: SESSION_TOKEN }),
      ),
    );

    const perRequest = (server: ServerProcess | undefined, path: string) => async (): Promise<number> => {
      const { origin, usage } = server as ServerProcess;
      const before = await usage();
      await bench.load(origin, { path: `/api/v1/jobs/${path}`, token, connections: 4, requests });
      return (((await usage()).cpuMs - before.cpuMs) * 1_000) / requests;
    };
    const [link, get] = [`get-object-url?job-id=1&object-uuid=${objectUuid(0)}`, 'get?job-id=1'];
    const subjects = {
      naiveLink: perRequest(naive, link),
      oursLink: perRequest(ours, link),
      bareLink: perRequest(bare, link),
      naiveGet: perRequest(naive, get),
      oursGet: perRequest(ours, get),
    };
    await interleave(bench.size(3, 1), subjects);
    const us = await interleave(bench.size(11, 1), subjects);

    const unit = 'µs of CPU a request';
    const [atLink, atGet] = ['get-object-url', 'get, one file'];
    return {
      series: [
        { subject: 'baseline', at: atLink, unit, samples: us.naiveLink },
        { subject: 'ours', at: atLink, unit, samples: us.oursLink },
        { subject: 'bare `node:http`', at: atLink, unit, samples: us.bareLink },
        { subject: 'baseline', at: atGet, unit, samples: us.naiveGet },
        { subject: 'ours', at: atGet, unit, samples: us.oursGet },
      ],
      goals: [
        { what: `times less CPU, ${atLink}`, unit: 'times', samples: ratio(us.naiveLink, us.oursLink), atLeast: 3 },
        { what: `times less CPU, ${atGet}`, unit: 'times', samples: ratio(us.naiveGet, us.oursGet), atLeast: 1.3 },
        { what: `of bare \`node:http\`, ${atLink}`, unit: 'times', samples: ratio(us.oursLink, us.bareLink) },
      ],
      chart: { kind: 'bars', unit },
      notes: [
        `Links with a session token of ${SESSION_TOKEN.length} characters; the client accepts no compression.`,
        'The bare server is `node:http` around the same token check and the same signer: no routes, log, deadline, limits, headers or errors.',
        'Ours writes a line of log for each request, the baseline none. One call of the SDK to DynamoDB dominates `get`.',
      ],
    };
  },
};
