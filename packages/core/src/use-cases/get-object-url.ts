import type { JobId, ObjectUuid, UserId } from '../identifiers.ts';
import { uploadedFileKey } from '../object-keys.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { ObjectStore } from '../ports/object-store.ts';

/** A presigned URL of one uploaded file. Neither the job nor the file is looked up, so it may lead nowhere. */
export type GetObjectUrl = (user: UserId, jobId: JobId, object: ObjectUuid, options?: CallOptions) => Promise<string>;

export const getObjectUrl =
  ({ objectStore }: { objectStore: ObjectStore }): GetObjectUrl =>
  async (user, jobId, object, options) => {
    const [url] = (await objectStore.presign([uploadedFileKey(user, jobId, object)], options)) as [string];
    return url;
  };
