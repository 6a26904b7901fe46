import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  NoSuchUpload,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { JobsBucket } from '@jobs-api/local';

/** An upload that a test completes at the worst moment, such as between two calls of a delete. */
export interface LateUpload {
  /** Completes the upload. Does nothing if it was aborted meanwhile. */
  complete(): Promise<void>;
}

/** Begins a multipart upload and sends its only part. */
export const startLateUpload = async ({ client, bucketName }: JobsBucket, key: string): Promise<LateUpload> => {
  const object = { Bucket: bucketName, Key: key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
  const upload = { ...object, UploadId };
  const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'part' }));
  return {
    complete: async () => {
      const command = new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
      });
      await client.send(command).catch((error: unknown) => {
        if (!(error instanceof NoSuchUpload)) throw error;
      });
    },
  };
};
