import { jobRecord } from '../jobs.ts';
import { cpuTime, interleave, ratio, type Measurement } from '../measurement.ts';
import type { ServerProcess } from '../server-process.ts';

export const listCpu: Measurement = {
  number: 3,
  name: 'list-cpu',
  title: 'CPU of a list of 1,000 jobs',
  run: async (bench) => {
    const { env, table, tokenOf } = await bench.backend();
    const { service, naiveServer } = await bench.bundles();
    const [jobs, requests] = [bench.size(1_000, 20), bench.size(100, 2)];
    await table.putMany(Array.from({ length: jobs }, (_, index) => jobRecord('lister', index + 1, 1)));
    await table.put(jobRecord('lister-of-one', 1, 1));
    const [token, tokenForOne] = await Promise.all([tokenOf('lister'), tokenOf('lister-of-one')]);
    const [ours, compressing, naive] = await Promise.all(
      [service, service, naiveServer].map((file) => bench.server(file, env)),
    );
    const path = '/api/v1/jobs/list';
    // Thousands of requests pass until the compiler has optimized all of the SDK.
    for (const server of [ours, compressing, naive])
      await bench.load((server as ServerProcess).origin, { path, token: tokenForOne, requests: bench.size(4_000, 2) });

    const perRequest = async (server: ServerProcess | undefined, headers = {}): Promise<number> => {
      const { origin, usage } = server as ServerProcess;
      const before = await usage();
      await bench.load(origin, { path, token, requests, headers });
      return ((await usage()).cpuMs - before.cpuMs) / requests;
    };

    // The floor: the page of DynamoDB is parsed, and the response is made.
    const page = await queryPage(env, 'lister');
    const response = (await (
      await fetch((ours as ServerProcess).origin + path, { headers: { Authorization: token } })
    ).json()) as object;
    const floor = () => {
      JSON.parse(page);
      JSON.stringify(response);
    };
    const subjects = {
      naive: () => perRequest(naive),
      ours: () => perRequest(ours),
      compressed: () => perRequest(compressing, { 'Accept-Encoding': 'br' }),
      floor: async () =>
        (await cpuTime(() => {
          for (let request = 0; request < requests; request++) floor();
        })) / requests,
    };
    await interleave(bench.rounds(3), subjects);
    const ms = await interleave(bench.rounds(15), subjects);

    const unit = 'ms of CPU a request';
    return {
      series: [
        { subject: 'baseline', unit, samples: ms.naive },
        { subject: 'ours', unit, samples: ms.ours },
        { subject: 'ours, compressed for a client that accepts br', unit, samples: ms.compressed },
        { subject: '`JSON.parse` of the page and `JSON.stringify` of the response', unit, samples: ms.floor },
      ],
      goals: [
        { what: 'of parsing and stringifying', unit: 'times', samples: ratio(ms.ours, ms.floor), atMost: 3 },
        { what: 'times less CPU than the baseline', unit: 'times', samples: ratio(ms.naive, ms.ours) },
      ],
      notes: [
        'DynamoDB runs in another process. Each service has served some thousand requests before. Profile of ours: sending 25 %, parsing 20 %, garbage collection 8 %, stringifying 8 %, everything else below 3 %. Sent in one piece, a list takes 10 % less, but a slow client holds all of it in memory.',
      ],
    };
  },
};

/** Returns DynamoDB's response to the query of a list, as text. */
const queryPage = async (env: Readonly<Record<string, string>>, userId: string): Promise<string> => {
  const response = await fetch(env.AWS_ENDPOINT_URL_DYNAMODB ?? '', {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': 'DynamoDB_20120810.Query',
      // The stand-in requires a signature and does not verify it.
      Authorization:
        'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      'X-Amz-Date': '20260101T000000Z',
    },
    body: JSON.stringify({
      TableName: env.JOBS_TABLE,
      IndexName: env.JOBS_SUMMARY_INDEX,
      KeyConditionExpression: 'userId = :userId',
      ProjectionExpression: 'jobId, jobName, #date, contentLength, creditsSpent, #status',
      ExpressionAttributeNames: { '#date': 'date', '#status': 'status' },
      ExpressionAttributeValues: { ':userId': { S: userId } },
    }),
  });
  const page = await response.text();
  if (!response.ok) throw new Error(`the query returned ${response.status}: ${page}`);
  return page;
};
