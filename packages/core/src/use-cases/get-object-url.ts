import type { JobId, ObjectUuid, UserId } from '../identifiers.ts';
import { uploadedFileKey } from '../object-keys.ts';
import type { ObjectStore, PresignOptions } from '../ports/object-store.ts';

export interface ObjectUrl {
  readonly url: string;
  /** When it stops working. */
  readonly expiresAt: Date;
}

/** A presigned URL of one uploaded file. Neither the job nor the file is looked up, so it may lead nowhere. */
export type GetObjectUrl = (
  user: UserId,
  jobId: JobId,
  object: ObjectUuid,
  options?: PresignOptions,
) => Promise<ObjectUrl>;

export const getObjectUrl =
  ({ objectStore }: { objectStore: ObjectStore }): GetObjectUrl =>
  async (user, jobId, object, options) => {
    const presigner = await objectStore.presigner(options);
    const [url] = (await presigner.presign([uploadedFileKey(user, jobId, object)])) as [string];
    return { url, expiresAt: presigner.expiresAt };
  };
