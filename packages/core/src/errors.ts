/** Parameters that a caller can get wrong. Driving adapters map them to their own names. */
export type Parameter = 'jobId' | 'objectUuid';

/** Base of the closed set below. All other errors are faults that the core does not know. */
abstract class BaseError extends Error {
  abstract readonly code: string;
  /** Written out, because a minifier renames the class. */
  abstract override readonly name: string;
}

/** A parameter that is missing or malformed. */
export class InvalidParameter extends BaseError {
  override readonly name = 'InvalidParameter';
  readonly code = 'INVALID_PARAMETER';
  readonly parameter: Parameter;
  /** The rest of a sentence that starts with the parameter: `is missing`, `must be …`. */
  readonly problem: string;

  constructor(parameter: Parameter, problem: string) {
    super(`${parameter} ${problem}`);
    this.parameter = parameter;
    this.problem = problem;
  }
}

/** The user has no job with that id. Does not say whether another user has one. */
export class JobNotFound extends BaseError {
  override readonly name = 'JobNotFound';
  readonly code = 'JOB_NOT_FOUND';
  readonly jobId: number;

  constructor(jobId: number) {
    super(`job ${jobId} does not exist`);
    this.jobId = jobId;
  }
}

/** The job is not finished, and the caller allows only the deletion of a finished job. */
export class JobNotFinished extends BaseError {
  override readonly name = 'JobNotFinished';
  readonly code = 'JOB_NOT_FINISHED';
  readonly jobId: number;

  constructor(jobId: number) {
    super(`job ${jobId} is not finished`);
    this.jobId = jobId;
  }
}

/** The caller is not authenticated. The message is for the log; responses must not contain it. */
export class Unauthorized extends BaseError {
  override readonly name = 'Unauthorized';
  readonly code = 'UNAUTHORIZED';
}

/** A dependency could not be reached, refused for now, or did not respond in time. A retry may succeed. */
export class Unavailable extends BaseError {
  override readonly name = 'Unavailable';
  readonly code = 'UNAVAILABLE';
}

/** A stored record cannot be read. A retry does not help: an operator has to correct the record. */
export class UnreadableJob extends BaseError {
  override readonly name = 'UnreadableJob';
  readonly code = 'UNREADABLE_JOB';
  readonly userId: string;
  /** The job's id as it is stored. It may be the part that is invalid. */
  readonly storedJobId: string;
  /** The fault of the record, such as `creditsSpent is not a number`. */
  readonly problem: string;

  constructor(userId: string, storedJobId: string, problem: string) {
    super(`job ${storedJobId} of user ${userId} cannot be read: ${problem}`);
    this.userId = userId;
    this.storedJobId = storedJobId;
    this.problem = problem;
  }
}

export type JobsError = InvalidParameter | JobNotFinished | JobNotFound | Unauthorized | Unavailable | UnreadableJob;

export const isJobsError = (error: unknown): error is JobsError => error instanceof BaseError;
