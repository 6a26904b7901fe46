import { hash } from 'node:crypto';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { S3ObjectStore } from '@jobs-api/adapters-aws';
import { fullResultKey, minResultKey, parseJobId, parseObjectUuid, parseUserId } from '@jobs-api/core';
import { SESSION_TOKEN } from '../bench.ts';
import { objectUuid } from '../jobs.ts';
import { interleave, ratio, cpuTime, type Measurement } from '../measurement.ts';

const Bucket = 'jobs-files';
const expiresIn = 3_600;

/** Returns the longest time that `work` blocked the event loop, in milliseconds. */
const longestStall = async (work: () => Promise<unknown>): Promise<number> => {
  let longest = 0;
  let isDone = false;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isDone) setImmediate(look);
  };
  look();
  await work();
  isDone = true;
  look();
  return longest;
};

export const presigning: Measurement = {
  number: 1,
  name: 'presigning',
  title: 'Links to the results of a job of 1,000 files',
  run: async (bench) => {
    const files = bench.size(1_000, 10);
    const client = new S3Client({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret', sessionToken: SESSION_TOKEN },
    });
    const [userId, jobId] = [parseUserId('0a4e2f8c-7b1d-4e3a-9c55-1f6d2b3a4c5d'), parseJobId(1)];
    const objects = Array.from({ length: files }, (_, index) => parseObjectUuid(objectUuid(index)));
    const keys = objects.flatMap((uuid) => [fullResultKey(userId, jobId, uuid), minResultKey(userId, jobId, uuid)]);

    const store = new S3ObjectStore(client, { bucketName: Bucket, urlTtlSeconds: expiresIn });
    const bySdk = (Key: string) => getSignedUrl(client, new GetObjectCommand({ Bucket, Key }), { expiresIn });
    const presign = async () => (await store.presigner()).presign(keys);
    const urls = await presign();

    // The floor of Signature Version 4: a hash of the request and two for the HMAC, over as many bytes.
    const requests = urls.map((url) => url.padEnd(url.length + 40));
    const [inner, outer] = [Buffer.alloc(64 + 80 + 64), Buffer.alloc(64 + 32)];
    const hashes = () => {
      for (const request of requests) {
        inner.write(hash('sha256', request), inner.length - 64, 'latin1');
        outer.write(hash('sha256', inner, 'binary'), 64, 'binary');
        hash('sha256', outer);
      }
    };

    const sequentially = async () => {
      for (const key of keys) await bySdk(key);
    };
    // Short work is repeated, so that it has the same share of time and garbage collection.
    const often = async (work: () => unknown): Promise<number> => {
      const times = bench.size(50, 1);
      const ms = await cpuTime(async () => {
        for (let time = 0; time < times; time++) await work();
      });
      return ms / times;
    };
    const subjects = {
      sequential: () => cpuTime(sequentially),
      together: () => cpuTime(() => Promise.all(keys.map(bySdk))),
      ours: () => often(presign),
      floor: () => often(hashes),
    };
    // Warm up the compiler.
    await interleave(bench.rounds(2), subjects);
    const ms = await interleave(bench.rounds(9), subjects);
    const { stall } = await interleave(bench.rounds(60), { stall: () => longestStall(presign) });

    const unit = 'ms of CPU';
    return {
      series: [
        { subject: '`getSignedUrl`, one after another', unit, samples: ms.sequential },
        { subject: '`getSignedUrl` in a `Promise.all`', unit, samples: ms.together },
        { subject: 'our presigner', unit, samples: ms.ours },
        { subject: 'the hash calls alone', unit, samples: ms.floor },
      ],
      goals: [
        {
          what: 'times as fast as one after another',
          unit: 'times',
          samples: ratio(ms.sequential, ms.ours),
          atLeast: 100,
        },
        {
          what: 'times as fast as in a `Promise.all`',
          unit: 'times',
          samples: ratio(ms.together, ms.ours),
          atLeast: 80,
        },
        { what: 'of the hash calls alone', unit: 'times', samples: ratio(ms.ours, ms.floor), atMost: 1.6 },
        { what: 'longest stall of the event loop', unit: 'ms', samples: stall, atMost: 15 },
      ],
      notes: [
        `${keys.length} links with a session token of ${SESSION_TOKEN.length} characters. \`getSignedUrl\` takes less CPU on Node 24 than on Node 20: not even the hash calls alone are 100 times as fast.`,
      ],
    };
  },
};
