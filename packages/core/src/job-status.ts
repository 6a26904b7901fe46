interface StatusDescription {
  /** The status in words, for people. */
  readonly meaning: string;
  /** Whether a job in this status has results to link to. */
  readonly hasResults: boolean;
  /** Whether the status is final, so that clients can stop waiting for the job. */
  readonly isFinished: boolean;
}

const waiting = { hasResults: false, isFinished: false } as const;
const succeeded = { hasResults: true, isFinished: true } as const;
const failed = { hasResults: false, isFinished: true } as const;

/** The statuses that the uploader and the processor write, with their meanings. */
export const jobStatuses = {
  pending: { meaning: 'Waiting for all files to be uploaded', ...waiting },
  queued: { meaning: 'Job is waiting to be processed', ...waiting },
  processing: { meaning: 'Job is being processed', ...waiting },
  success: { meaning: 'Job completed successfully', ...succeeded },
  success_credits_restored: {
    meaning: 'Job completed; credits for the files that failed were restored',
    ...succeeded,
  },
  success_credits_not_restored: {
    meaning: 'Job completed; credits for the files that failed could not be restored',
    ...succeeded,
  },
  failed_size_mismatch: {
    meaning: 'Job rejected: the uploaded files do not match what was announced',
    ...failed,
  },
  failed_requeued: { meaning: 'Job failed and was queued again', ...waiting },
  failed_critical: { meaning: 'Job failed; the team was informed', ...failed },
} as const satisfies Record<string, StatusDescription>;

export type KnownStatusCode = keyof typeof jobStatuses;

/** The state of a job, read from the stored status. */
export interface JobStatus extends StatusDescription {
  /** One of {@link KnownStatusCode}; any other stored status is returned unchanged. */
  readonly code: string;
  /** Completed part of the work in percent, 0 to 100, if the stored status has it. */
  readonly progressPercent?: number;
}

const PROGRESS = /^processing\.{3}(\d{1,3})%$/;

/** One object for each status, shared by all jobs that have it. */
const knownStatuses = new Map<string, JobStatus>(
  Object.entries(jobStatuses).map(([code, description]) => [code, { code, ...description }]),
);

export const isKnownStatusCode = (code: string): code is KnownStatusCode => Object.hasOwn(jobStatuses, code);

const readProgress = (stored: string): number | undefined => {
  const percent = Number(PROGRESS.exec(stored)?.[1]);
  return percent <= 100 ? percent : undefined;
};

/**
 * Reads a stored status tolerantly. Other programs write it, so it may be unknown, missing, or carry a progress
 * (`processing...45%`). Never fails: an unknown status is returned unchanged and described as unknown.
 */
export const describeStatus = (stored = 'unknown'): JobStatus => {
  const known = knownStatuses.get(stored);
  if (known) return known;
  const percent = readProgress(stored);
  if (percent === undefined) return { code: stored, meaning: 'Unknown status', ...waiting };
  const { meaning, hasResults, isFinished } = jobStatuses.processing;
  return {
    code: 'processing',
    meaning: `${meaning} (${percent}% done)`,
    hasResults,
    isFinished,
    progressPercent: percent,
  };
};
