import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { GetObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ObjectKey } from '@jobs-api/core';
import fc from 'fast-check';
import { observeCalls } from '../observe-calls.ts';
import { createPresigner, type PresignerOptions } from './presigner.ts';

const NOW = new Date('2026-03-01T12:34:56.789Z');
const SECOND = 1_000;

const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const sessionToken = `${'IQoJb3JpZ2luX2VjEJr//+='.repeat(45)}==`;
const whenRequired = {
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
} as const;
const clientOf = (config: S3ClientConfig = {}) =>
  new S3Client({ region: 'eu-west-1', credentials, ...whenRequired, ...config });

const options = { bucketName: 'jobs-files', ttlSeconds: 3_600, now: NOW } satisfies PresignerOptions;
const keysOf = (...keys: string[]) => keys as ObjectKey[];
const someKeys = (count: number) => keysOf(...Array.from({ length: count }, (_, index) => `alice/1/${index}.png`));

const presignAll = async (client: S3Client, keys: readonly ObjectKey[], given: PresignerOptions) => {
  const presigner = await createPresigner(client, given);
  return { urls: await presigner.presign(keys), expiresAt: presigner.expiresAt };
};

/** The same by the SDK, key by key. */
const bySdk = (client: S3Client, keys: readonly string[], given: PresignerOptions): Promise<string[]> =>
  Promise.all(
    keys.map((Key) => {
      const input = { Bucket: given.bucketName, Key, ResponseContentDisposition: given.contentDisposition };
      const signing = { expiresIn: given.ttlSeconds, ...(given.now && { signingDate: given.now }) };
      return getSignedUrl(client, new GetObjectCommand(input), signing);
    }),
  );

const expectAsSdk = async (client: S3Client, keys: readonly string[], given: PresignerOptions = options) => {
  const { urls } = await presignAll(client, keysOf(...keys), given);
  expect(urls).toEqual(await bySdk(client, keys, given));
};

const parameter = (url: string | undefined, name: string) => new URL(url ?? '').searchParams.get(name);

afterEach(() => {
  jest.restoreAllMocks();
});

const unusualKeys = [
  'alice/1/photo.png',
  "+=()!*'%&$@,:;?#~",
  ' a b ',
  'Zoë/雪/😀',
  '%',
  '%2F%00%zz',
  '.',
  '..',
  './a/../b/..',
  '/',
  '//a//b',
  'a/',
  'a\\b',
  '<&">^`{|}[]',
  '\t\r\n\u0000\u007f\u0085\uffff',
  '-_.~AZaz09',
];

const keys = fc.array(
  fc.array(
    fc.oneof(
      fc.constantFrom(...unusualKeys),
      fc.constantFrom('/', '.', '%'),
      fc.string(),
      fc.string({ unit: 'binary' }),
    ),
    { minLength: 1, maxLength: 4 },
  ),
  { maxLength: 4 },
);
const signing = fc.record({
  accessKeyId: fc.constantFrom('AKIAIOSFODNN7EXAMPLE', 'a+b='),
  secretAccessKey: fc.oneof(fc.constant(credentials.secretAccessKey), fc.string({ minLength: 1, maxLength: 130 })),
  sessionToken: fc.constantFrom('', sessionToken, 'short+token/='),
});
const requested = fc.record({
  // Longer ones are cut for session credentials without an end.
  ttlSeconds: fc.integer({ min: 1, max: 3_600 }),
  contentDisposition: fc.constantFrom(
    undefined,
    '',
    'inline',
    `attachment; filename="holiday (1).png"; filename*=UTF-8''Zo%C3%AB.png`,
    'attachment; filename="雪 & +=.png"',
  ),
  now: fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
});

describe.each<[string, S3ClientConfig, string?]>([
  ['the host of the bucket', {}],
  ['the host of the bucket in us-east-1', { region: 'us-east-1' }],
  ['the global endpoint', { region: 'us-east-1', useGlobalEndpoint: true }],
  ['the region aws-global', { region: 'aws-global' }],
  ['China', { region: 'cn-north-1' }],
  ['GovCloud', { region: 'us-gov-west-1' }],
  ['path style', { forcePathStyle: true }],
  ['a bucket with dots', {}, 'jobs.files.example'],
  ['a bucket whose name is not a host name', {}, 'Jobs_Files'],
  ['dual stack', { useDualstackEndpoint: true }],
  ['FIPS', { useFipsEndpoint: true }],
  ['acceleration', { useAccelerateEndpoint: true }],
  ['an access point', {}, 'arn:aws:s3:eu-west-1:123456789012:accesspoint/jobs'],
  ['an access point elsewhere', { useArnRegion: true }, 'arn:aws:s3:us-west-2:123456789012:accesspoint/jobs'],
  ['an object lambda', {}, 'arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/jobs'],
  ['S3 Express without sessions', { disableS3ExpressSessionAuth: true }, 'jobs--euw1-az1--x-s3'],
  ['an endpoint with a port', { endpoint: 'http://localhost:9000', forcePathStyle: true }],
  ['an endpoint with the default port', { endpoint: 'https://s3.example:443', forcePathStyle: true }],
  ['an endpoint that the bucket is put in front of', { endpoint: 'https://s3.example:8443' }],
  ['an endpoint with a path', { endpoint: 'https://example.com/s3/a%20b', forcePathStyle: true }],
  ['an endpoint with a path and a slash', { endpoint: 'https://example.com/s3/', forcePathStyle: true }],
  ['an endpoint with a path that the bucket is put in front of', { endpoint: 'https://example.com/s3/files/' }],
  ['an endpoint with a user and a query', { endpoint: 'https://u:p@example.com/?a=b', forcePathStyle: true }],
  ['an endpoint that is an address', { endpoint: 'http://127.0.0.1:9000' }],
  ['an endpoint that is a version 6 address', { endpoint: 'http://[::1]:9000' }],
])('for %s', (_, config, bucketName = 'jobs-files') => {
  test('URLs are those of getSignedUrl', async () => {
    await expectAsSdk(clientOf(config), unusualKeys, { ...options, bucketName });
    await fc.assert(
      fc.asyncProperty(keys, signing, requested, async (segments, identity, given) => {
        const client = clientOf({ ...config, credentials: identity });
        const names = segments.map((parts) => parts.join(''));
        await expectAsSdk(client, names, { bucketName, ...given });
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    ['a client', () => undefined],
    ['a client whose calls are observed', observeCalls],
  ])('credentials of %s are fetched once, so the URLs are not made by getSignedUrl', async (_, prepare) => {
    // So close to their end, they are fetched at every use.
    const provider = jest.fn(async () => ({ ...credentials, expiration: new Date(Date.now() + 60 * SECOND) }));
    const client = clientOf({ ...config, credentials: provider });
    prepare(client);
    await client.config.credentials();
    provider.mockClear();
    const { urls } = await presignAll(client, someKeys(20), { bucketName, ttlSeconds: 60 });
    expect(urls).toHaveLength(20);
    expect(provider).toHaveBeenCalledTimes(1);
  });
});

describe('a presigner', () => {
  test('follows AWS_ENDPOINT_URL_S3', async () => {
    process.env.AWS_ENDPOINT_URL_S3 = 'http://localhost:9001/s3';
    try {
      const client = clientOf({ forcePathStyle: true });
      const { urls } = await presignAll(client, keysOf('a'), options);
      expect(urls[0]).toMatch('http://localhost:9001/s3/jobs-files/a?');
      expect(urls).toEqual(await bySdk(client, ['a'], options));
    } finally {
      delete process.env.AWS_ENDPOINT_URL_S3;
    }
  });

  test('spells every character of ASCII as getSignedUrl does', async () => {
    await expectAsSdk(
      clientOf(),
      Array.from({ length: 128 }, (_, code) => `a${String.fromCharCode(code)}`),
    );
  });

  test('adds nothing for checksums, whatever the client does about them', async () => {
    const client = clientOf({
      requestChecksumCalculation: 'WHEN_SUPPORTED',
      responseChecksumValidation: 'WHEN_SUPPORTED',
    });
    const { urls } = await presignAll(client, keysOf(...unusualKeys), options);
    expect(urls).toEqual(await bySdk(clientOf(), unusualKeys, options));
  });

  test('returns no URLs for no keys', async () => {
    const { urls, expiresAt } = await presignAll(clientOf(), [], options);
    expect(urls).toEqual([]);
    expect(expiresAt).toEqual(new Date('2026-03-01T13:34:56Z'));
  });

  test('rejects a key that no URL can express, as getSignedUrl does', async () => {
    const key = 'half\ud800';
    await expect(bySdk(clientOf(), [key], options)).rejects.toThrow(URIError);
    await expect(presignAll(clientOf(), keysOf(key), options)).rejects.toThrow(URIError);
  });

  test('signs for each of many callers as for one, within a second too', async () => {
    const client = clientOf();
    const others: readonly [S3Client, PresignerOptions][] = [
      [client, { ...options, bucketName: 'other-files' }],
      [client, { ...options, ttlSeconds: 3_599 }],
      [client, { ...options, now: new Date(NOW.getTime() + SECOND) }],
      [client, { ...options, contentDisposition: 'attachment' }],
      [clientOf({ region: 'us-east-1' }), options],
      [clientOf({ forcePathStyle: true }), options],
      [clientOf({ endpoint: 'http://127.0.0.1:9000' }), options],
      [clientOf({ credentials: { ...credentials, accessKeyId: 'AKIAOTHER' } }), options],
      [clientOf({ credentials: { ...credentials, secretAccessKey: 'other' } }), options],
      [clientOf({ credentials: { ...credentials, sessionToken } }), options],
      [clientOf({ useAccelerateEndpoint: true }), options],
    ];
    for (const [otherClient, otherOptions] of others) {
      await expectAsSdk(client, ['a']);
      await expectAsSdk(otherClient, ['a'], otherOptions);
    }
  });

  test('uses credentials that were replaced meanwhile', async () => {
    const renewed = { ...credentials };
    const client = clientOf({ credentials: renewed });
    await expectAsSdk(client, ['a']);
    renewed.accessKeyId = 'AKIARENEWED';
    renewed.secretAccessKey = 'renewed';
    await expectAsSdk(client, ['a']);
  });

  test('signs with the key of the day', async () => {
    const client = clientOf();
    for (const now of ['2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z', '2026-12-31T00:00:00.000Z'])
      await expectAsSdk(client, ['a'], { ...options, now: new Date(now) });
  });
});

describe('the time of signing', () => {
  test('is now', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(NOW.getTime());
    const { urls, expiresAt } = await presignAll(clientOf(), keysOf('a'), { ...options, now: undefined });
    expect(urls).toEqual(await bySdk(clientOf(), ['a'], options));
    expect(expiresAt).toEqual(new Date('2026-03-01T13:34:56Z'));
  });

  test('is by the clock of S3 if the client has found that its own is wrong', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(NOW.getTime());
    const client = clientOf();
    client.config.systemClockOffset = -20 * 60 * SECOND;
    const { urls, expiresAt } = await presignAll(client, keysOf('a'), { ...options, now: undefined });
    expect(urls).toEqual(await bySdk(client, ['a'], { ...options, now: new Date('2026-03-01T12:14:56Z') }));
    expect(expiresAt).toEqual(new Date('2026-03-01T13:14:56Z'));
    await expectAsSdk(client, ['a'], options);
  });
});

describe('the end of the credentials', () => {
  const clientUntil = (expiration: string | undefined) =>
    clientOf({
      credentials: { ...credentials, ...(expiration !== undefined && { expiration: new Date(expiration) }) },
    });

  test.each([
    ['they do not end', undefined, 3_600, '2026-03-01T13:34:56Z'],
    ['they outlive it', '2026-03-01T13:34:57Z', 3_600, '2026-03-01T13:34:56Z'],
    ['they end with it', '2026-03-01T13:34:56Z', 3_600, '2026-03-01T13:34:56Z'],
    ['they end a second before it', '2026-03-01T13:34:55Z', 3_599, '2026-03-01T13:34:55Z'],
    ['they end soon', '2026-03-01T12:35:00Z', 4, '2026-03-01T12:35:00Z'],
    ['they end within a second of time', '2026-03-01T12:35:00.999Z', 4, '2026-03-01T12:35:00Z'],
    ['they have a second left', '2026-03-01T12:34:57.789Z', 1, '2026-03-01T12:34:57Z'],
  ])('bounds the lifetime: %s', async (_, expiration, expiresIn, expiresAt) => {
    const client = clientUntil(expiration);
    const presigned = await presignAll(client, keysOf('a'), options);
    expect(presigned).toEqual({
      urls: await bySdk(client, ['a'], { ...options, ttlSeconds: expiresIn }),
      expiresAt: new Date(expiresAt),
    });
    expect(parameter(presigned.urls[0], 'X-Amz-Expires')).toBe(String(expiresIn));
  });

  test.each([
    ['less than a second away', '2026-03-01T12:34:57.788Z'],
    ['now', '2026-03-01T12:34:56.789Z'],
    ['past', '2026-03-01T12:34:56.000Z'],
  ])('makes URLs impossible if it is %s', async (_, expiration) => {
    const call = presignAll(clientUntil(expiration), keysOf('a'), options);
    await expect(call).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the credentials to sign with have expired',
    });
  });

  test.each([60, 3_600, 604_800])('is an hour away at most if session credentials do not say it: %i s', async (ttl) => {
    const client = clientOf({ credentials: { ...credentials, sessionToken: 'session' } });
    const { urls, expiresAt } = await presignAll(client, keysOf('a'), { ...options, ttlSeconds: ttl });
    const seconds = Math.min(ttl, 3_600);
    expect(parameter(urls[0], 'X-Amz-Expires')).toBe(String(seconds));
    expect(expiresAt).toEqual(new Date(Date.parse('2026-03-01T12:34:56Z') + seconds * SECOND));
  });

  test('makes the next call fetch new ones', async () => {
    let issued = 0;
    const provider = async () => ({
      ...credentials,
      accessKeyId: `AKIA${++issued}`,
      sessionToken: `token ${issued}`,
      expiration: new Date(Date.now() + 120 * SECOND),
    });
    const client = clientOf({ credentials: provider });
    for (const before of [0, 2]) {
      expect(issued).toBe(before);
      const { urls } = await presignAll(client, keysOf('a', 'b'), { ...options, now: undefined });
      expect(issued).toBeGreaterThan(before);
      for (const url of urls) {
        expect(parameter(url, 'X-Amz-Credential')).toMatch(`AKIA${issued}/`);
        expect(parameter(url, 'X-Amz-Security-Token')).toBe(`token ${issued}`);
      }
    }
  });
});

describe('getSignedUrl signs what only it can sign:', () => {
  const addPayer = (client: S3Client) => {
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['x-amz-request-payer'] = 'requester';
        return next(args);
      },
      { step: 'build', name: 'requestPayer' },
    );
    return client;
  };
  const expressIdentity = async () => ({ ...credentials, accessKeyId: 'session', sessionToken: 'session token' });

  test.each<[string, S3Client, RegExp, string?]>([
    ['middleware', addPayer(clientOf()), /x-amz-request-payer=requester/],
    [
      'S3 Express',
      clientOf({ s3ExpressIdentityProvider: { getS3ExpressIdentity: expressIdentity } }),
      /X-Amz-Credential=session.*&X-Amz-S3session-Token=session%20token/i,
      'jobs--euw1-az1--x-s3',
    ],
    [
      'a bucket that is an endpoint',
      clientOf({ bucketEndpoint: true }),
      /^https:\/\/files\.example\/a/,
      'https://files.example',
    ],
    [
      'an endpoint with headers',
      clientOf({
        endpoint: { url: new URL('https://headers.example'), headers: { 'x-amz-tenant': ['jobs'] } },
        forcePathStyle: true,
      }),
      /x-amz-tenant=jobs/,
    ],
    [
      'an endpoint with a user',
      clientOf({
        endpointProvider: () => ({
          url: new URL('https://user:password@users.example'),
          properties: {
            authSchemes: [{ name: 'sigv4', signingName: 's3', signingRegion: 'eu-west-1', properties: {} }],
          },
        }),
      }),
      /^https:\/\/users\.example\/a/,
    ],
  ])('%s', async (_, client, pattern, bucketName = 'jobs-files') => {
    const given = { ...options, bucketName, contentDisposition: 'inline' };
    const { urls } = await presignAll(client, keysOf('a', 'b c', 'd'), given);
    expect(urls).toEqual(await bySdk(client, ['a', 'b c', 'd'], given));
    expect(urls[0]).toMatch(pattern);
  });

  test('multi-region access points, which it rejects without a module that is not installed', async () => {
    const given = { ...options, bucketName: 'arn:aws:s3::123456789012:accesspoint:mfzwi23gnjvgw.mrap' };
    const refusal = /SigV4a/i;
    await expect(bySdk(clientOf(), ['a'], given)).rejects.toThrow(refusal);
    await expect(presignAll(clientOf(), keysOf('a'), given)).rejects.toThrow(refusal);
  });

  test('URLs that end with the credentials', async () => {
    const expiring = { ...credentials, expiration: new Date('2026-03-01T12:35:00Z') };
    const client = addPayer(clientOf({ credentials: expiring }));
    const { urls, expiresAt } = await presignAll(client, keysOf('a'), options);
    expect(urls).toEqual(await bySdk(client, ['a'], { ...options, ttlSeconds: 4 }));
    expect(expiresAt).toEqual(expiring.expiration);
  });

  test('many URLs, with other work in between', async () => {
    expect(await turnsDuring(() => presignAll(addPayer(clientOf()), someKeys(50), options))).toBeGreaterThanOrEqual(4);
  });
});

/** Counts how often other work gets a turn. */
const turnsDuring = async (work: () => Promise<unknown>): Promise<number> => {
  let turns = 0;
  let next = setImmediate(function count() {
    turns++;
    next = setImmediate(count);
  });
  await work();
  clearImmediate(next);
  return turns;
};

test('URLs are those of getSignedUrl for keys of any length', async () => {
  const around = Array.from({ length: 80 }, (_, index) => 'x'.repeat(4_040 + index));
  await expectAsSdk(clientOf(), ['x', 'x'.repeat(1_024), ...around, '雪'.repeat(3_000), 'x']);
});

describe('many keys', () => {
  test('do not keep other work from running', async () => {
    expect(await turnsDuring(() => presignAll(clientOf(), someKeys(2_000), options))).toBeGreaterThanOrEqual(3);
    expect(await turnsDuring(() => presignAll(clientOf(), someKeys(30_000), options))).toBeGreaterThanOrEqual(59);
    const presigner = await createPresigner(clientOf(), options);
    const inSmallBatches = async () => {
      for (let time = 0; time < 100; time++) await presigner.presign(someKeys(20));
    };
    expect(await turnsDuring(inSmallBatches)).toBeGreaterThanOrEqual(3);
  });

  test('keep their order', async () => {
    const { urls } = await presignAll(clientOf(), someKeys(1_501), options);
    expect(urls.map((url) => new URL(url).pathname)).toEqual(someKeys(1_501).map((key) => `/${key}`));
  });
});
