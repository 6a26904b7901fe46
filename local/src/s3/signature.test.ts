import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { decodeAwsChunked } from './aws-chunked.ts';
import type { S3Error } from './s3-error.ts';
import { verifySignature, type SignedRequest } from './signature.ts';
import { parseTarget } from './target.ts';

// Every example that AWS publishes: sig-v4-header-based-auth, sigv4-query-string-auth, sigv4-streaming and
// sigv4-streaming-trailers under https://docs.aws.amazon.com/AmazonS3/latest/API/
const PUBLISHED = {
  credentials: {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  },
  region: 'us-east-1',
  now: new Date('2013-05-24T00:00:00Z'),
};
const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const example = (method: string, url: string, headers: Record<string, string>, signature: string): SignedRequest => {
  const all = { host: 'examplebucket.s3.amazonaws.com', 'x-amz-date': '20130524T000000Z', ...headers };
  const scope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
  const names = Object.keys(all).sort().join(';');
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=${names},Signature=${signature}`;
  return { method, target: parseTarget(url), headers: new Map(Object.entries({ ...all, authorization })) };
};

const HEADER_EXAMPLES: [string, SignedRequest][] = [
  [
    'GET Object',
    example(
      'GET',
      '/test.txt',
      { range: 'bytes=0-9', 'x-amz-content-sha256': EMPTY_HASH },
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ),
  ],
  [
    'PUT Object',
    example(
      'PUT',
      '/test%24file.text',
      {
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      },
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ),
  ],
  [
    'GET Bucket Lifecycle',
    example(
      'GET',
      '/?lifecycle',
      { 'x-amz-content-sha256': EMPTY_HASH },
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ),
  ],
  [
    'GET Bucket (List Objects)',
    example(
      'GET',
      '/?max-keys=2&prefix=J',
      { 'x-amz-content-sha256': EMPTY_HASH },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ),
  ],
];

test.each(HEADER_EXAMPLES)(
  "AWS's header-signed example %s is accepted, and with another method refused",
  (_, request) => {
    expect(verifySignature(request, PUBLISHED).payloadHash).toBe(request.headers.get('x-amz-content-sha256'));
    expect(() => verifySignature({ ...request, method: 'DELETE' }, PUBLISHED)).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    );
  },
);

const link = (signature: string) =>
  `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}`;
const LINK_SIGNATURE = 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
const presigned = (signature: string): SignedRequest => ({
  method: 'GET',
  target: parseTarget(link(signature)),
  headers: new Map([['host', 'examplebucket.s3.amazonaws.com']]),
});

test("AWS's presigned example is accepted for its 86,400 seconds and not a moment longer", () => {
  const at = (now: string) => () => verifySignature(presigned(LINK_SIGNATURE), { ...PUBLISHED, now: new Date(now) });

  expect(at('2013-05-24T00:00:00Z')().payloadHash).toBe('UNSIGNED-PAYLOAD');
  expect(at('2013-05-25T00:00:00Z')().payloadHash).toBe('UNSIGNED-PAYLOAD');
  expect(at('2013-05-25T00:00:00.001Z')).toThrow('Request has expired');
  expect(at('2013-05-23T23:44:59Z')).toThrow('Request is not valid yet');
});

test('a signature in capitals is not the signature', () => {
  expect(() => verifySignature(presigned(LINK_SIGNATURE.toUpperCase()), PUBLISHED)).toThrow(
    expect.objectContaining({ code: 'SignatureDoesNotMatch', status: 403 }),
  );
});

/** Signs what the refusal of a wrong signature says was to be signed. */
const signatureFor = (path: string): string => {
  try {
    verifySignature(example('GET', path, { 'x-amz-content-sha256': EMPTY_HASH }, ''), PUBLISHED);
  } catch (error) {
    const { StringToSign = '' } = (error as S3Error).details;
    const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
    const parts = ['20130524', 'us-east-1', 's3', 'aws4_request', String(StringToSign)];
    const secret: string | Buffer = `AWS4${PUBLISHED.credentials.secretAccessKey}`;
    return parts.reduce<string | Buffer>((key, part) => hmac(key, part), secret).toString('hex');
  }
  throw new Error('an empty signature was accepted');
};

const signedPath = (path: string) => example('GET', path, { 'x-amz-content-sha256': EMPTY_HASH }, signatureFor(path));

test.each(['/test%28.txt', '/a/../b', '/a//b/', '/%2B%20%25%F0%9F%98%80'])(
  'the path %s, encoded as S3 does it, is accepted as it was sent',
  (path) => {
    expect(verifySignature(signedPath(path), PUBLISHED).payloadHash).toBe(EMPTY_HASH);
  },
);

test.each(['/test(.txt', '/te+st.txt', '/a%2Fb', '/a%7eb', '/%f0%9F%98%80'])(
  'the path %s, which S3 would encode in another way, is refused though the signature fits it',
  (path) => {
    expect(() => verifySignature(signedPath(path), PUBLISHED)).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    );
  },
);

const chunks = [Buffer.alloc(65536, 'a'), Buffer.alloc(1024, 'a'), Buffer.alloc(0)];

const chunkedExample = (payloadHash: string, headers: Record<string, string>, seed: string) => {
  const common = {
    host: 's3.amazonaws.com',
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': '66560',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    'x-amz-content-sha256': payloadHash,
  };
  return example('PUT', '/examplebucket/chunkObject.txt', { ...common, ...headers }, seed);
};

const decode = async (request: SignedRequest, signatures: string[], end: string) => {
  const { verifyChunk } = verifySignature(request, PUBLISHED);
  const parts = chunks.flatMap((chunk, i) => [
    Buffer.from(`${chunk.length.toString(16)};chunk-signature=${signatures[i] ?? ''}\r\n`),
    chunk,
    Buffer.from(chunk.length > 0 ? '\r\n' : end),
  ]);
  const body = Buffer.concat(parts);
  // The pieces break lines and chunks at awkward positions.
  const pieces = async function* () {
    for (let at = 0; at < body.length; at += 1021) yield await Promise.resolve(body.subarray(at, at + 1021));
  };
  const trailers = new Map<string, string>();
  const decoded: Buffer[] = [];
  for await (const piece of decodeAwsChunked(pieces(), trailers, verifyChunk)) decoded.push(piece);
  return { payload: Buffer.concat(decoded), trailers, length: body.length };
};

const signatures = [
  'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
  '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
  'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
];
const signedChunks = chunkedExample(
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  { 'content-length': '66824' },
  '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
);

test("AWS's example of signed chunks is decoded, and is refused once any of its signatures is another's", async () => {
  const { payload, length } = await decode(signedChunks, signatures, '\r\n');
  expect(payload.equals(Buffer.concat(chunks))).toBe(true);
  expect(length).toBe(66824);

  for (const wrong of [0, 1, 2]) {
    const changed = signatures.map((signature, i) => (i === wrong ? signature.replace(/^./, 'e') : signature));
    await expect(decode(signedChunks, changed, '\r\n')).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
  }
});

const TRAILER_SIGNATURES = [
  'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
  '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
  '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
];
const signedTrailer = chunkedExample(
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  { 'x-amz-trailer': 'x-amz-checksum-crc32c' },
  '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
);
const trailer = (checksum: string) =>
  `x-amz-checksum-crc32c:${checksum}\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n`;

test("AWS's example of a signed trailer is decoded, and is refused with another checksum", async () => {
  const { trailers } = await decode(signedTrailer, TRAILER_SIGNATURES, trailer('sOO8/Q=='));
  expect([...trailers]).toEqual([['x-amz-checksum-crc32c', 'sOO8/Q==']]);

  await expect(decode(signedTrailer, TRAILER_SIGNATURES, trailer('sOO8/A=='))).rejects.toMatchObject({
    code: 'SignatureDoesNotMatch',
  });
});
