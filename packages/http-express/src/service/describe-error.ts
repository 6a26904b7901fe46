/** What could open something if it stood in a log: tokens, and the parts of a presigned URL that make it work. */
const SECRETS = /\beyJ[\w-]+\.[\w-]+\.[\w-]*|(?<=X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s"']+/gi;

const withoutSecrets = (text: string): string => text.replace(SECRETS, '[redacted]');

/** How many causes of causes are told: more than any error here has, and an end for one that is its own cause. */
const MAX_DEPTH = 5;

/**
 * An error as the log shows it. Only what is known to be harmless is taken over: errors of the AWS SDK carry whole
 * requests and responses, and those carry signatures and session tokens.
 */
export const describeError = (error: unknown, depth = 0): object => {
  if (!(error instanceof Error)) return { message: withoutSecrets(String(error)) };
  const { code, $metadata } = error as { code?: unknown; $metadata?: { requestId?: string; httpStatusCode?: number } };
  return {
    name: error.name,
    message: withoutSecrets(error.message),
    ...(typeof code === 'string' && { code }),
    ...($metadata && { aws_request_id: $metadata.requestId, aws_status: $metadata.httpStatusCode }),
    stack: withoutSecrets(error.stack ?? ''),
    ...(error.cause !== undefined && depth < MAX_DEPTH && { cause: describeError(error.cause, depth + 1) }),
    ...(error instanceof AggregateError && {
      errors: error.errors.map((inner: unknown) => describeError(inner, depth + 1)),
    }),
  };
};
