import type { ResponseValues } from './event.ts';

/** Maximum size of a result as JSON, in bytes (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
export const MAX_BYTES = 6 * 1024 * 1024;

const tooLarge = ({ headers }: ResponseValues): ResponseValues => {
  const body = JSON.stringify({
    message: 'The answer is too large: ask for less with limit, or accept compression',
  });
  const kept = Object.entries(headers).filter(([name]) => name !== 'content-encoding');
  return {
    statusCode: 413,
    headers: { ...Object.fromEntries(kept), 'content-length': body.length },
    body,
    isBase64Encoded: false,
  };
};

/**
 * Returns the result for a response. A result that Lambda would reject, which the caller would see as an unspecific error of
 * the gateway, becomes a 413 that says what to do.
 */
export const fitResponse = (
  response: ResponseValues,
  toResult: (response: ResponseValues) => object,
  onTooLarge: (bytes: number) => void,
): object => {
  const result = toResult(response);
  // A character takes at most six bytes of JSON and headers are few, so most results are small enough without measuring them.
  if (response.body.length < MAX_BYTES / 8) return result;
  const bytes = Buffer.byteLength(JSON.stringify(result));
  if (bytes <= MAX_BYTES) return result;
  onTooLarge(bytes);
  return toResult(tooLarge(response));
};
