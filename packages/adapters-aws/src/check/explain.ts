/** A call that the service makes, for the sentence that says what to do when it fails. */
export interface TriedCall {
  /** Name at AWS, such as `GetItem`. */
  readonly name: string;
  /** The permission that it needs, such as `s3:ListBucket`. */
  readonly permission: string;
  /** The resource of that permission, such as `the bucket jobs-files`. */
  readonly resource: string;
  /** The variable that holds the address. */
  readonly endpoint: 'AWS_ENDPOINT_URL_DYNAMODB' | 'AWS_ENDPOINT_URL_S3';
}

interface AwsError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

const WRONG_KEYS = [
  'SignatureDoesNotMatch',
  'InvalidAccessKeyId',
  'InvalidSignatureException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'AuthorizationQueryParametersError',
  'InvalidToken',
];
const EXPIRED = ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'];
const SKEWED = ['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'];
const ELSEWHERE = ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'];
const NO_SUCH_BUCKET = ['NoSuchBucket', 'NotFound'];

/** Returns the response to a call that failed, and what to do. */
export const explain = (error: unknown, call: TriedCall): string => {
  const cause = causeOf(error);
  // An error of ours: the response could be parsed, but is not what the call must return.
  if (cause.$metadata === undefined && cause.name === 'Error' && cause.code === undefined)
    return `${cause.message}. The server at ${call.endpoint} does not behave as AWS does: use another one.`;
  const tried = `${call.name}: ${responseOf(cause)}.`;
  return `${tried} ${adviceFor(cause, call)}`;
};

/** Status and code of the response, or the error of the connection. */
const responseOf = (error: AwsError): string => {
  const status = error.$metadata?.httpStatusCode;
  if (status === undefined) return reasonOf(error);
  const code = hasNoCode(error) ? 'without a code' : error.name;
  const hasMessage = !hasNoCode(error) && error.message !== '' && error.message !== 'UnknownError';
  const message = hasMessage ? `: ${firstLineOf(error.message)}` : '';
  return `status ${status} ${code}${message}`;
};

const adviceFor = (error: AwsError, { name, permission, resource, endpoint }: TriedCall): string => {
  const { name: code } = error;
  const status = error.$metadata?.httpStatusCode ?? 0;
  const region = error.$response?.headers?.['x-amz-bucket-region'];
  if (status === 0) return `Check ${endpoint} and AWS_REGION, and whether the host can be reached.`;
  if (region !== undefined && (status === 301 || ELSEWHERE.includes(code)))
    return `The bucket is in the region ${region}: set AWS_REGION=${region}.`;
  if (status === 301 || ELSEWHERE.includes(code))
    return 'The bucket is in another region, or needs another address: correct AWS_REGION or AWS_ENDPOINT_URL_S3.';
  if (WRONG_KEYS.includes(code))
    return 'The credentials are wrong: correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role of the process.';
  if (EXPIRED.includes(code)) return 'The credentials have expired: renew them, or give the process a role.';
  if (SKEWED.includes(code)) return 'The clock of this host is wrong: synchronize it.';
  if (isNotImplemented(error)) return `The server at ${endpoint} has no ${name}, which the service needs.`;
  if (code === 'ResourceNotFoundException')
    return `There is no table of that name in this account and region: create ${resource}, or correct JOBS_TABLE or AWS_REGION.`;
  if (NO_SUCH_BUCKET.includes(code) || (status === 404 && hasNoCode(error)))
    return `There is no bucket of that name: create ${resource}, or correct JOBS_BUCKET or AWS_ENDPOINT_URL_S3.`;
  if (status === 403 || code.startsWith('AccessDenied')) return `Allow ${permission} on ${resource}.`;
  if (error instanceof SyntaxError || hasNoCode(error) || status < 400)
    return `The address does not respond as AWS does: correct ${endpoint}.`;
  return status >= 500 ? 'Try again later.' : `Correct the configuration of ${resource}.`;
};

/** A response without a body, as to a HEAD request, or with one that is not of AWS. */
const hasNoCode = ({ name }: AwsError): boolean => /^(Unknown|UnknownError|Error|[0-9]{3}|)$/.test(name);

export const isNotImplemented = (error: unknown): boolean => {
  const { name, $metadata } = causeOf(error);
  return (
    $metadata?.httpStatusCode === 501 ||
    name.startsWith('NotImplemented') ||
    ['UnknownOperationException', 'MethodNotAllowed', 'UnsupportedOperation'].includes(name)
  );
};

/** The code of the SDK's error, such as `NoSuchKey`. */
export const codeOf = (error: unknown): string => causeOf(error).name;

/** The error of the SDK: the first of the causes with a response, or the last. */
const causeOf = (error: unknown): AwsError => {
  const { $metadata, cause } = error as AwsError;
  return $metadata?.httpStatusCode === undefined && cause instanceof Error ? causeOf(cause) : (error as AwsError);
};

/** The message of the last of the causes, which is the origin of the error. */
export const reasonOf = (error: unknown): string => {
  const { name, message, code, cause, errors } = error as AwsError & { errors?: unknown[] };
  const inner = cause ?? errors?.[0];
  if (inner instanceof Error && inner !== error) return reasonOf(inner);
  return [name === 'Error' ? undefined : name, firstLineOf(message) || code].filter(Boolean).join(': ');
};

/** The SDK adds advice for programmers on further lines. */
const firstLineOf = (message: string): string => message.split('\n')[0]?.replace(/\.$/, '') ?? '';
