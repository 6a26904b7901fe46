import type { JobId, ObjectUuid, UserId } from '../identifiers.ts';
import { fullResultKey, minResultKey, uploadedFileKey } from '../object-keys.ts';
import type { ObjectStore, PresignOptions } from '../ports/object-store.ts';

export interface GetObjectUrlOptions extends PresignOptions {
  /** Links to that result of the object instead of the uploaded file. */
  readonly result?: 'full' | 'min' | undefined;
}

export interface ObjectUrl {
  readonly url: string;
  /** When it stops working. */
  readonly expiresAt: Date;
}

/** Returns a presigned URL of one stored file. Neither the job nor the file is looked up, so it may lead nowhere. */
export type GetObjectUrl = (
  userId: UserId,
  jobId: JobId,
  objectUuid: ObjectUuid,
  options?: GetObjectUrlOptions,
) => Promise<ObjectUrl>;

const keyMakers = { full: fullResultKey, min: minResultKey, upload: uploadedFileKey };

export const getObjectUrl =
  ({ objectStore }: { objectStore: ObjectStore }): GetObjectUrl =>
  async (userId, jobId, objectUuid, { result, ...options } = {}) => {
    const presigner = await objectStore.presigner(options);
    const [url] = (await presigner.presign([keyMakers[result ?? 'upload'](userId, jobId, objectUuid)])) as [string];
    return { url, expiresAt: presigner.expiresAt };
  };
