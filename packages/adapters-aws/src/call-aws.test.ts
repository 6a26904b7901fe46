import { describe, expect, test } from '@jest/globals';
import { callAws } from './call-aws.ts';

const failWith = (error: Error) => callAws('GetItem', undefined, () => Promise.reject(error));
const sdkError = (name: string, httpStatusCode: number) =>
  Object.assign(new Error('secret detail'), { name, $metadata: { httpStatusCode } });

describe('callAws', () => {
  test('answers what the call answers', async () => {
    expect(await callAws('GetItem', undefined, () => Promise.resolve(5))).toBe(5);
  });

  test.each([
    ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'].map((code) =>
      Object.assign(new Error(`connect ${code}`), { code }),
    ),
    Object.assign(new Error('too slow'), { name: 'TimeoutError' }),
    ...['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded'].map((name) =>
      sdkError(name, 400),
    ),
    sdkError('SlowDown', 503),
    sdkError('InternalServerError', 500),
    sdkError('BadGateway', 502),
    sdkError('Odd', 599),
    sdkError('TooManyRequests', 429),
  ])('calls it unavailable when the SDK gave up on %s', async (error) => {
    await expect(failWith(error)).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: error });
  });

  test.each([
    sdkError('AccessDeniedException', 403),
    sdkError('ResourceNotFoundException', 400),
    sdkError('ValidationException', 400),
    sdkError('NoSuchBucket', 404),
    new SyntaxError('Unexpected end of JSON input'),
    new TypeError('x is not a function'),
  ])('leaves %s as it is, since trying again does not help', async (error) => {
    await expect(failWith(error)).rejects.toBe(error);
  });

  test('does not begin where the signal has aborted', async () => {
    const reason = new Error('enough');
    let called = false;
    const call = callAws('GetItem', AbortSignal.abort(reason), async () => {
      called = true;
    });
    await expect(call).rejects.toBe(reason);
    expect(called).toBe(false);
  });

  test('ends with the reason when the signal aborts, also where the call does not listen', async () => {
    const reason = new Error('enough');
    const abort = new AbortController();
    const call = callAws('GetItem', abort.signal, () => new Promise(() => undefined));
    abort.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test('tells the reason, not the error that the abort causes', async () => {
    const reason = new Error('enough');
    const abort = new AbortController();
    const call = callAws('GetItem', abort.signal, async () => {
      abort.abort(reason);
      throw new Error('Request aborted');
    });
    await expect(call).rejects.toBe(reason);
  });

  test('hands the signal on', async () => {
    const { signal } = new AbortController();
    expect(await callAws('GetItem', signal, (options) => Promise.resolve(options.abortSignal))).toBe(signal);
  });
});
