import { formsOf, redact } from './redaction.ts';

const MAX_MESSAGE = 1_000;
const MAX_STACK = 2_000;
/** Errors that are described in all, an error's causes and parts included. */
const MAX_ERRORS = 8;

/**
 * Returns an error as the log shows it. Only what is known to be harmless is copied: errors of the AWS SDK hold whole
 * requests and responses, and those hold signatures and session tokens. Texts are cut, and secrets in them redacted.
 *
 * @param secrets values that must not be logged, besides what is found by its pattern
 */
export const describeError = (error: unknown, ...secrets: readonly (string | undefined)[]): object => {
  const forms = formsOf(secrets);
  let described = 0;

  const describe = (one: unknown): object => {
    described++;
    if (!(one instanceof Error)) return { message: redact(textOf(one), MAX_MESSAGE, forms) };
    const { code, $metadata } = one as { code?: unknown; $metadata?: { requestId?: string; httpStatusCode?: number } };
    const parts: readonly unknown[] = one instanceof AggregateError ? one.errors : [];
    return {
      name: one.name,
      message: redact(one.message, MAX_MESSAGE, forms),
      ...(typeof code === 'string' && { code: redact(code, MAX_MESSAGE, forms) }),
      ...($metadata && { aws_request_id: $metadata.requestId, aws_status: $metadata.httpStatusCode }),
      stack: redact(framesOf(one), MAX_STACK, forms),
      ...(one.cause !== undefined && described < MAX_ERRORS && { cause: describe(one.cause) }),
      ...(parts.length > 0 && {
        errors: parts.flatMap((part) => (described < MAX_ERRORS ? [describe(part)] : [])),
      }),
    };
  };

  return describe(error);
};

/** An error may be any value, also one that cannot be converted to a string. */
const textOf = (value: unknown): string => {
  try {
    return String(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
};

/** The lines of a stack trace below the message, which is logged by itself. */
const framesOf = ({ stack = '' }: Error): string => stack.slice(Math.max(0, stack.indexOf('\n    at ')));
