interface StatusDescription {
  /** The status in words, for people. */
  readonly meaning: string;
  /** Whether a job in this status has results to link to. */
  readonly hasResults: boolean;
}

/** Every status that the uploader and the processor are known to write, and what it means. */
export const jobStatuses = {
  pending: { meaning: 'Waiting for all files to be uploaded', hasResults: false },
  queued: { meaning: 'Job is waiting to be processed', hasResults: false },
  processing: { meaning: 'Job is being processed', hasResults: false },
  success: { meaning: 'Job completed successfully', hasResults: true },
  success_credits_restored: {
    meaning: 'Job completed; credits for the files that failed were restored',
    hasResults: true,
  },
  success_credits_not_restored: {
    meaning: 'Job completed; credits for the files that failed could not be restored',
    hasResults: true,
  },
  failed_size_mismatch: {
    meaning: 'Job rejected: the uploaded files do not match what was announced',
    hasResults: false,
  },
  failed_requeued: { meaning: 'Job failed and was queued again', hasResults: false },
  failed_critical: { meaning: 'Job failed; the team was informed', hasResults: false },
} as const satisfies Record<string, StatusDescription>;

export type KnownStatusCode = keyof typeof jobStatuses;

/** Where a job stands, as read from what another program stored. */
export interface JobStatus extends StatusDescription {
  /** One of {@link KnownStatusCode}, or, where the stored status is none of them, that status as it is. */
  readonly code: string;
  /** How much of the work is done, 0 to 100, where what was stored says so. */
  readonly progressPercent?: number;
}

const PROGRESS = /^processing\.{3}(\d{1,3})%$/;

/** The same one for all jobs that share it. */
const knownStatuses = new Map<string, JobStatus>(
  Object.entries(jobStatuses).map(([code, description]) => [code, { code, ...description }]),
);

export const isKnownStatusCode = (code: string): code is KnownStatusCode => Object.hasOwn(jobStatuses, code);

const readProgress = (stored: string): number | undefined => {
  const percent = Number(PROGRESS.exec(stored)?.[1]);
  return percent <= 100 ? percent : undefined;
};

/**
 * Reads a stored status tolerantly: other programs write it, so it may be new to us, missing, or carry a progress
 * (`processing...45%`). Never fails; what is not known is passed on as it is and called unknown.
 */
export const describeStatus = (stored = 'unknown'): JobStatus => {
  const known = knownStatuses.get(stored);
  if (known) return known;
  const percent = readProgress(stored);
  if (percent === undefined) return { code: stored, meaning: 'Unknown status', hasResults: false };
  const { meaning, hasResults } = jobStatuses.processing;
  return { code: 'processing', meaning: `${meaning} (${percent}% done)`, hasResults, progressPercent: percent };
};
