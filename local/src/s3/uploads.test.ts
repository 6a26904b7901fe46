import { createHash, createHmac } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { LocalS3 } from './server.ts';
import {
  Bucket,
  createClient,
  credentials,
  send,
  sign,
  startWithBucket,
  toRequest,
  type RawRequest,
} from './testing.ts';

let s3: LocalS3;
let client: S3Client;

beforeAll(async () => {
  ({ s3, client } = await startWithBucket());
});
afterAll(() => s3.close());

const read = async (Key: string) =>
  (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
const exists = async (Key: string) =>
  (await client.send(new ListObjectsV2Command({ Bucket, Prefix: Key }))).KeyCount === 1;
const put = (Key: string, Body = 'hello') => new PutObjectCommand({ Bucket, Key, Body });
const base64 = (algorithm: string, text: string) => createHash(algorithm).update(text).digest('base64');

test('an object is returned with its body, its headers, and the MD5 of its body as its ETag', async () => {
  const sent = {
    ContentType: 'image/png',
    CacheControl: 'no-store',
    ContentDisposition: 'inline; filename="a.png"',
    ContentEncoding: 'identity',
    ContentLanguage: 'de',
    Metadata: { colour: 'red' },
  };
  await client.send(new PutObjectCommand({ Bucket, Key: 'headers', Body: 'hello', ...sent }));
  const got = await client.send(new GetObjectCommand({ Bucket, Key: 'headers' }));
  expect(got).toMatchObject({ ...sent, ContentLength: 5, ETag: '"5d41402abc4b2a76b9719d911017c592"' });
  expect(await got.Body?.transformToString()).toBe('hello');
  expect(await client.send(new HeadObjectCommand({ Bucket, Key: 'headers' }))).toMatchObject({
    ...sent,
    ContentLength: 5,
  });
});

test("the SDK's streams, which arrive in chunks with a checksum after them, are decoded", async () => {
  const pieces = [Buffer.alloc(70_000, 'a'), Buffer.alloc(8192, 'b'), Buffer.alloc(3, 'c')];
  const Body = Readable.from(pieces);
  await client.send(
    new PutObjectCommand({ Bucket, Key: 'stream', Body, ContentLength: 78_195, ContentEncoding: 'gzip' }),
  );
  expect(await read('stream')).toBe(Buffer.concat(pieces).toString());
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'stream', ChecksumMode: 'ENABLED' }));
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(Buffer.concat(pieces)));
  expect(head).toMatchObject({ ContentEncoding: 'gzip', ChecksumCRC32: checksum.toString('base64') });
});

test('a chunk of less than 8 KB is refused unless it is the last', async () => {
  const Body = Readable.from([Buffer.alloc(100), Buffer.alloc(100)]);
  const small = new PutObjectCommand({ Bucket, Key: 'small-chunks', Body, ContentLength: 200 });
  await expect(client.send(small)).rejects.toMatchObject({ name: 'InvalidChunkSizeError' });
  expect(await exists('small-chunks')).toBe(false);
});

const signedChunks = async (Key: string, mode: string, chunks: string[], trailer?: string, damaged = false) => {
  const request = await sign(client, put(Key), ({ headers }) => {
    delete headers['x-amz-checksum-crc32'];
    headers['x-amz-content-sha256'] = mode;
    headers['x-amz-decoded-content-length'] = String(chunks.join('').length);
    if (trailer !== undefined) headers['x-amz-trailer'] = trailer.split(':', 1).join('');
    delete headers['content-length'];
  });
  const [, scope = '', seed = ''] =
    /Credential=[^/]*\/(.*?), .*Signature=(.*)$/.exec(request.headers.authorization ?? '') ?? [];
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const secret: string | Buffer = `AWS4${credentials.secretAccessKey}`;
  const key = scope.split('/').reduce<string | Buffer>((k, part) => hmac(k, part), secret);
  let previous = seed;
  const chain = (kind: string, ...hashes: string[]) => {
    const parts = [`AWS4-HMAC-SHA256-${kind}`, request.headers['x-amz-date'], scope, previous, ...hashes];
    return (previous = hmac(key, parts.join('\n')).toString('hex'));
  };
  const body = [...chunks, '']
    .map((chunk) => {
      const head = `${chunk.length.toString(16)};chunk-signature=${chain('PAYLOAD', hash(''), hash(chunk))}\r\n`;
      return chunk === '' ? head : `${head}${damaged ? chunk.replace('a', 'b') : chunk}\r\n`;
    })
    .join('');
  const end =
    trailer === undefined ? '' : `${trailer}\r\nx-amz-trailer-signature:${chain('TRAILER', hash(`${trailer}\n`))}\r\n`;
  const whole = `${body}${end}\r\n`;
  request.headers['content-length'] = String(whole.length);
  return send(s3.endpoint, { ...request, body: whole });
};

const chunks = ['a'.repeat(8192), 'a'.repeat(10)];

test('signed chunks are decoded, and refused when one of them was changed on the way', async () => {
  const mode = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
  expect((await signedChunks('signed', mode, chunks)).status).toBe(200);
  expect(await read('signed')).toBe(chunks.join(''));
  const damaged = await signedChunks('signed-damaged', mode, chunks, undefined, true);
  expect(damaged).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
  expect(await exists('signed-damaged')).toBe(false);
});

test('a signed trailer is verified, and so is the checksum in it', async () => {
  const mode = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
  const checksum = (text: string) => `x-amz-checksum-sha256:${base64('sha256', text)}`;
  expect((await signedChunks('trailer', mode, chunks, checksum(chunks.join('')))).status).toBe(200);
  expect(await read('trailer')).toBe(chunks.join(''));
  const wrong = await signedChunks('trailer-wrong', mode, chunks, checksum('something else'));
  expect(wrong).toMatchObject({ status: 400, code: 'BadDigest' });
  expect(await exists('trailer-wrong')).toBe(false);
});

const UNSIGNED_TRAILER = {
  'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'content-encoding': 'aws-chunked',
};
const GOOD_TRAILER = 'x-amz-checksum-crc32:NhCmhg==';

test.each([
  ['well-formed', `5\r\nhello\r\n0\r\n${GOOD_TRAILER}\r\n\r\n`, 200, undefined],
  ['with another checksum', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', 400, 'BadDigest'],
  ['without its trailer', '5\r\nhello\r\n0\r\n\r\n', 400, 'MalformedTrailerError'],
  ['with a malformed trailer', '5\r\nhello\r\n0\r\nchecksum\r\n\r\n', 400, 'MalformedTrailerError'],
  ['shorter than announced', `4\r\nhell\r\n0\r\n${GOOD_TRAILER}\r\n\r\n`, 400, 'IncompleteBody'],
  ['cut off in a chunk', '5\r\nhe', 400, 'IncompleteBody'],
  ['cut off before its end', '5\r\nhello\r\n', 400, 'IncompleteBody'],
  ['with a chunk that is longer than announced', `4\r\nhello\r\n0\r\n${GOOD_TRAILER}\r\n\r\n`, 400, 'InvalidRequest'],
  ['with no size', `x\r\nhello\r\n0\r\n${GOOD_TRAILER}\r\n\r\n`, 400, 'InvalidRequest'],
  ['with an endless line', 'a'.repeat(100_000), 400, 'InvalidRequest'],
  ['with bytes after its end', `5\r\nhello\r\n0\r\n${GOOD_TRAILER}\r\n\r\nmore`, 400, 'InvalidRequest'],
])('an aws-chunked body %s gets the response of S3', async (name, body, status, code) => {
  const Key = `chunked ${name}`;
  const request = await sign(client, put(Key), ({ headers }) => {
    delete headers['x-amz-checksum-crc32'];
    Object.assign(headers, UNSIGNED_TRAILER, {
      'content-length': String(body.length),
      'x-amz-decoded-content-length': '5',
      'x-amz-trailer': 'x-amz-checksum-crc32',
    });
  });
  expect(await send(s3.endpoint, { ...request, body })).toMatchObject({ status, code });
  expect(await exists(Key)).toBe(status === 200);
});

test.each([
  ['x-amz-checksum-crc32', 'AAAAAA==', 'BadDigest'],
  ['x-amz-checksum-sha1', base64('sha1', 'another'), 'BadDigest'],
  ['x-amz-checksum-sha256', base64('sha256', 'another'), 'BadDigest'],
  ['content-md5', base64('md5', 'another'), 'BadDigest'],
  ['content-md5', 'no digest', 'InvalidDigest'],
  ['x-amz-content-sha256', createHash('sha256').update('another').digest('hex'), 'XAmzContentSHA256Mismatch'],
  ['x-amz-content-sha256', 'something', 'InvalidArgument'],
])('a body whose %s header is %s is refused', async (header, value, code) => {
  const request = await sign(client, put('refused'), ({ headers }) => {
    delete headers['x-amz-checksum-crc32'];
    headers[header] = value;
  });
  expect(await send(s3.endpoint, request)).toMatchObject({ status: 400, code });
  expect(await exists('refused')).toBe(false);
});

test.each([
  ['x-amz-checksum-sha1', base64('sha1', 'hello')],
  ['x-amz-checksum-sha256', base64('sha256', 'hello')],
  ['content-md5', base64('md5', 'hello')],
])('a body whose %s header is right is kept', async (header, value) => {
  const request = await sign(client, put(header), ({ headers }) => {
    delete headers['x-amz-checksum-crc32'];
    headers[header] = value;
  });
  expect((await send(s3.endpoint, request)).status).toBe(200);
  expect(await read(header)).toBe('hello');
});

test('checksums that cannot be verified are rejected as not implemented', async () => {
  for (const ChecksumAlgorithm of ['CRC32C', 'CRC64NVME'] as const) {
    const command = put('unknown-checksum');
    command.input.ChecksumAlgorithm = ChecksumAlgorithm;
    const header = `x-amz-checksum-${ChecksumAlgorithm.toLowerCase()}`;
    const request = await sign(client, command, ({ headers }) => {
      headers[header] = 'AAAAAA==';
    });
    const response = await send(s3.endpoint, request);
    expect(response).toMatchObject({ status: 501, code: 'NotImplemented' });
    expect(response.text).toMatch(/<Message>PutObject with the header x-amz-.*checksum.* is not implemented/);
  }
});

test('a trailer that cannot be verified is rejected as not implemented', async () => {
  const request = await sign(client, put('unknown-trailer'), ({ headers }) => {
    delete headers['x-amz-checksum-crc32'];
    Object.assign(headers, UNSIGNED_TRAILER, { 'x-amz-trailer': 'x-amz-checksum-crc64nvme' });
  });
  const response = await send(s3.endpoint, request);
  expect(response).toMatchObject({ status: 501, code: 'NotImplemented' });
  expect(response.text).toContain(
    'PutObject with the header x-amz-trailer: x-amz-checksum-crc64nvme is not implemented.',
  );
});

test('two checksums of one body are refused', async () => {
  const request = await sign(client, put('two'), ({ headers }) => {
    headers['x-amz-checksum-sha1'] = base64('sha1', 'hello');
  });
  expect(await send(s3.endpoint, request)).toMatchObject({ status: 400, code: 'InvalidRequest' });
});

test('a body of unknown length is refused', async () => {
  const request = await sign(client, put('unknown-length'), ({ headers }) => {
    delete headers['content-length'];
    headers['transfer-encoding'] = 'chunked';
  });
  expect(await send(s3.endpoint, request)).toMatchObject({ status: 411, code: 'MissingContentLength' });
});

test('a presigned upload needs no other credentials, and accepts any body', async () => {
  const plain = createClient(s3.endpoint, { requestChecksumCalculation: 'WHEN_REQUIRED' });
  const link = await getSignedUrl(plain, new PutObjectCommand({ Bucket, Key: 'by-link' }), { expiresIn: 60 });
  expect((await fetch(link, { method: 'PUT', body: 'from a browser' })).status).toBe(200);
  expect(await read('by-link')).toBe('from a browser');
});

test('a checksum that the signer moved into the link is verified', async () => {
  const link = await getSignedUrl(client, put('by-link-checked', ''), { expiresIn: 60 });
  expect(link).toContain('x-amz-checksum-crc32=AAAAAA%3D%3D');
  expect(await send(s3.endpoint, { ...toRequest(link, 'PUT'), body: 'not empty' })).toMatchObject({
    code: 'BadDigest',
  });
});

test('an upload that must not overwrite does not', async () => {
  const first = new PutObjectCommand({ Bucket, Key: 'once', Body: 'first', IfNoneMatch: '*' });
  const second = new PutObjectCommand({ Bucket, Key: 'once', Body: 'second', IfNoneMatch: '*' });
  await client.send(first);
  await expect(client.send(second)).rejects.toMatchObject({ name: 'PreconditionFailed' });
  expect(await read('once')).toBe('first');
});

test('a connection on which uploads were rejected, before and while they were read, can be used again', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { hostname, port } = new URL(s3.endpoint);
  const upload = ({ method, target: path, headers }: RawRequest, body: string) =>
    new Promise<[number | undefined, number | undefined]>((resolve, reject) => {
      const sent = httpRequest({ agent, hostname, port, method, path, headers }, (response) => {
        const { localPort } = response.socket;
        response.resume().on('end', () => {
          resolve([response.statusCode, localPort]);
        });
      });
      sent.on('error', reject).end(body);
    });
  const size = 4_000_000;
  const good = await sign(client, put('large', 'x'.repeat(size)));
  const broken = await sign(client, put('broken'), ({ headers }) => {
    delete headers['x-amz-checksum-crc32'];
    const length = { 'content-length': String(size), 'x-amz-decoded-content-length': String(size) };
    Object.assign(headers, UNSIGNED_TRAILER, length, { 'x-amz-trailer': 'x-amz-checksum-crc32' });
  });
  const [refused, localPort] = await upload({ ...good, target: `${good.target}&changed=1` }, 'x'.repeat(size));
  expect(refused).toBe(403);
  expect(await upload(broken, '\r\n'.repeat(size / 2))).toEqual([400, localPort]);
  expect(await upload(good, 'x'.repeat(size))).toEqual([200, localPort]);
  agent.destroy();
});
