/** What a caller can get wrong. Adapters know what it is called in their world. */
export type Parameter = 'jobId' | 'objectUuid';

/** The base of the closed set below: what is not one of these is a fault that the core did not foresee. */
abstract class BaseError extends Error {
  abstract readonly code: string;
  /** In words of its own, for a minifier gives the class another name. */
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

/** The user has no job with that id; whether another user has one is not told. */
export class JobNotFound extends BaseError {
  override readonly name = 'JobNotFound';
  readonly code = 'JOB_NOT_FOUND';
  readonly jobId: number;

  constructor(jobId: number) {
    super(`job ${jobId} does not exist`);
    this.jobId = jobId;
  }
}

/** The job was to be deleted only if it is finished, and it is not. */
export class JobNotFinished extends BaseError {
  override readonly name = 'JobNotFinished';
  readonly code = 'JOB_NOT_FINISHED';
  readonly jobId: number;

  constructor(jobId: number) {
    super(`job ${jobId} is not finished`);
    this.jobId = jobId;
  }
}

/** Nobody proved to be a user. The message is for the log: a caller is never told why. */
export class Unauthorized extends BaseError {
  override readonly name = 'Unauthorized';
  readonly code = 'UNAUTHORIZED';
}

/** A dependency could not be reached, refused for now or did not answer in time: the same call may succeed later. */
export class Unavailable extends BaseError {
  override readonly name = 'Unavailable';
  readonly code = 'UNAVAILABLE';
}

/** A stored record that cannot be understood: asking again does not help, somebody has to look at it. */
export class UnreadableJob extends BaseError {
  override readonly name = 'UnreadableJob';
  readonly code = 'UNREADABLE_JOB';
  readonly userId: string;
  /** The job's id as it is stored, which may be the very thing that is wrong. */
  readonly storedJobId: string;
  /** What is wrong with it, such as `creditsSpent is not a number`. */
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
