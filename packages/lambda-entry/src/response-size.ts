import type { ResponseValues } from './event.ts';

/** Of an answer as the function returns it, in JSON (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
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
 * The answer for a response, or, where Lambda would refuse it and the gateway say only that something went wrong, one
 * that says what to do.
 */
export const fitResponse = (
  response: ResponseValues,
  toAnswer: (response: ResponseValues) => object,
  onTooLarge: (bytes: number) => void,
): object => {
  const answer = toAnswer(response);
  // In JSON a character takes six bytes at most, and the headers are few: most answers need not be written to be measured.
  if (response.body.length < MAX_BYTES / 8) return answer;
  const bytes = Buffer.byteLength(JSON.stringify(answer));
  if (bytes <= MAX_BYTES) return answer;
  onTooLarge(bytes);
  return toAnswer(tooLarge(response));
};
