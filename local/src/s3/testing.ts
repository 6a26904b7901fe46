/** Shared by the tests: a server with a bucket, and requests that the SDK signs and that are sent with changes. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { CreateBucketCommand, S3Client, type GetObjectCommand, type S3ClientConfig } from '@aws-sdk/client-s3';
import { startLocalS3, type LocalS3Options } from './server.ts';

export const credentials = { accessKeyId: 'AKIDLOCALEXAMPLE', secretAccessKey: 'local/secret+example' };
export const Bucket = 'test-bucket';

const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };

export const createClient = (endpoint: string, config: S3ClientConfig = {}) =>
  new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1', credentials, logger, maxAttempts: 1, ...config });

export const startWithBucket = async (options: Partial<LocalS3Options> = {}) => {
  const all = { credentials, ...options };
  const s3 = await startLocalS3(all);
  const client = createClient(s3.endpoint, { credentials: all.credentials });
  await client.send(new CreateBucketCommand({ Bucket }));
  return { s3, client };
};

export interface RawRequest {
  method: string;
  /** The request target, sent as it is. */
  target: string;
  headers: Record<string, string>;
  body?: string | Buffer;
}

interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Code in the XML of an error. */
  readonly code: string | undefined;
}

export const send = (endpoint: string, { method, target, headers, body }: RawRequest): Promise<RawResponse> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(endpoint);
    const request = httpRequest({ hostname, port, method, path: target, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const code = /<Code>(.*?)<\/Code>/.exec(text)?.[1];
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, code });
      });
    });
    request.on('error', reject);
    request.end(body);
  });

/** A presigned link as a request. */
export const toRequest = (link: string, method = 'GET'): RawRequest => {
  const { origin, host } = new URL(link);
  return { method, target: link.slice(origin.length), headers: { host } };
};

interface SdkRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body?: string | Buffer;
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** Returns the request that the SDK would send for a command, signed after `adjust` has changed it. */
export const sign = async (
  client: S3Client,
  command: object,
  adjust: (request: SdkRequest) => void = () => undefined,
): Promise<RawRequest> => {
  let signed: SdkRequest | undefined;
  // Any command: their types have no more in common than being objects.
  const { middlewareStack } = command as GetObjectCommand;
  middlewareStack.add(
    (next) => (args) => {
      adjust(args.request as SdkRequest);
      return next(args);
    },
    { step: 'build', priority: 'low' },
  );
  middlewareStack.add(
    () => (args) => {
      signed = args.request as SdkRequest;
      return Promise.resolve({ output: { $metadata: {} }, response: {} });
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  await client.send(command as GetObjectCommand);
  if (signed === undefined) throw new Error('the SDK signed nothing');
  const { method, path, query, headers, body } = signed;
  const pairs = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`);
  const target = pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
  return { method, target, headers, ...(body !== undefined && { body }) };
};
