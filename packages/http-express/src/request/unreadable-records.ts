import type { UnreadableJob } from '@jobs-api/core';
import { redact } from '../logging/redaction.ts';

/** Limits of the log line: the number of named records, and the length of each text in characters. */
const MAX_NAMED = 20;
const MAX_ID = 50;
const MAX_REASON = 200;

/** Counts the unreadable records that a list left out, and keeps the first ones for the log. */
export class UnreadableRecords {
  readonly first: { readonly job_id: string; readonly reason: string }[] = [];
  count = 0;

  add({ storedJobId, problem }: UnreadableJob): void {
    this.count++;
    if (this.first.length < MAX_NAMED)
      this.first.push({ job_id: redact(storedJobId, MAX_ID), reason: redact(problem, MAX_REASON) });
  }
}
