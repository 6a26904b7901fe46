import type { JobId, UserId } from '@jobs-api/core';

/** Identifies a job: the key of its record, and the parts of the prefix of its objects. */
export interface JobKey {
  readonly userId: UserId;
  readonly jobId: JobId;
}
