import { JobsApiError } from '@jobs-api/client';
import { EXIT, Failure } from './exit-code.ts';

const exitCodes: Readonly<Record<string, number>> = {
  INVALID_PARAMETER: EXIT.usage,
  UNAUTHORIZED: EXIT.unauthorized,
  JOB_NOT_FOUND: EXIT.noSuchJob,
  JOB_NOT_FINISHED: EXIT.notFinished,
  UNAVAILABLE: EXIT.unavailable,
};

/** Makes one line and an exit code of any error. */
export const explain = (error: unknown): Failure => {
  if (error instanceof Failure) return error;
  if (error instanceof JobsApiError) {
    const { code, status, message, requestId } = error;
    const text =
      code === 'UNAUTHORIZED'
        ? 'the service rejected the token: set JOBS_TOKEN to a valid one'
        : `${message} (status ${status}${requestId === undefined ? '' : `, request ${requestId}`})`;
    return new Failure(text, exitCodes[code] ?? EXIT.failed, { cause: error });
  }
  const network = networkCode(error);
  if (network !== undefined)
    return new Failure(`the service cannot be reached: ${network}`, EXIT.unavailable, { cause: error });
  return new Failure(error instanceof Error ? error.message : String(error), EXIT.failed, { cause: error });
};

/** @returns why `fetch` had no response, such as `connect ECONNREFUSED 127.0.0.1:3000`; `undefined` for other errors */
const networkCode = (error: unknown): string | undefined => {
  if (!(error instanceof TypeError) || error.message !== 'fetch failed') return undefined;
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  return [cause?.message, cause?.code].find((text) => text !== undefined && text !== '') ?? 'no connection';
};
