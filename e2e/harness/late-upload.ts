import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  NoSuchUpload,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { JobsBucket } from '@jobs-api/local';

export interface LateUpload {
  /** Does nothing if the upload was aborted meanwhile. */
  complete(): Promise<void>;
}

/** Begins a multipart upload and sends its one part. The test completes it at a bad moment. */
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
