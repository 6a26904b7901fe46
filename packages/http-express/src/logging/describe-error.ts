import { formsOf, redact } from './redaction.ts';

const MAX_MESSAGE = 1_000;
const MAX_STACK = 2_000;
/** Maximum number of errors that are described, including causes and the errors of an `AggregateError`. */
const MAX_ERRORS = 8;

/**
 * Returns what is logged of an error. Only fields that are known to be harmless are copied, because errors of the AWS
 * SDK contain whole requests and responses, with signatures and session tokens. Texts are cut and redacted.
 *
 * @param secrets values to redact in addition to those that match a known pattern
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

/** Returns a thrown value as text. A program can throw any value, even one that cannot be converted to a string. */
const textOf = (value: unknown): string => {
  try {
    return String(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
};

/** Returns the stack trace without the message, which is logged separately. */
const framesOf = ({ stack = '' }: Error): string => stack.slice(Math.max(0, stack.indexOf('\n    at ')));
