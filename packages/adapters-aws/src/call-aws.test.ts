import { describe, expect, test } from '@jest/globals';
import { Unavailable } from '@jobs-api/core';
import { callAws } from './call-aws.ts';

const failWith = (error: Error) => callAws('GetItem', undefined, () => Promise.reject(error));
const sdkError = (name: string, httpStatusCode: number) =>
  Object.assign(new Error('secret detail'), { name, $metadata: { httpStatusCode } });

describe('callAws', () => {
  test('returns what the call returns', async () => {
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
    sdkError('TransactionConflictException', 400),
  ])('throws Unavailable when the SDK gave up on %s', async (error) => {
    await expect(failWith(error)).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: error });
  });

  test.each([
    sdkError('AccessDeniedException', 403),
    sdkError('ResourceNotFoundException', 400),
    sdkError('ValidationException', 400),
    sdkError('NoSuchBucket', 404),
    sdkError('NotImplemented', 501),
    sdkError('NotImplemented', 500),
    sdkError('Odd', 501),
    new SyntaxError('Unexpected end of JSON input'),
    new TypeError('x is not a function'),
  ])('names the call when it fails with %s, which a retry does not help', async (error) => {
    const failure: unknown = await failWith(error).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ message: `GetItem failed: ${error.name}`, cause: error });
    expect(failure).not.toHaveProperty('code');
  });

  test('leaves errors of the core as they are', async () => {
    const error = new Unavailable('the credentials have expired', { cause: sdkError('SlowDown', 503) });
    await expect(failWith(error)).rejects.toBe(error);
  });

  test('does not start the call if the signal has aborted', async () => {
    const reason = new Error('enough');
    let called = false;
    const call = callAws('GetItem', AbortSignal.abort(reason), async () => {
      called = true;
    });
    await expect(call).rejects.toBe(reason);
    expect(called).toBe(false);
  });

  test('rejects with the reason when the signal aborts, also if the call ignores the signal', async () => {
    const reason = new Error('enough');
    const abort = new AbortController();
    const call = callAws('GetItem', abort.signal, () => new Promise(() => undefined));
    abort.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test('rejects with the reason of the abort, not with the error that the abort causes', async () => {
    const reason = new Error('enough');
    const abort = new AbortController();
    const call = callAws('GetItem', abort.signal, async () => {
      abort.abort(reason);
      throw new Error('Request aborted');
    });
    await expect(call).rejects.toBe(reason);
  });

  test('passes the signal to the call', async () => {
    const { signal } = new AbortController();
    expect(await callAws('GetItem', signal, (options) => Promise.resolve(options.abortSignal))).toBe(signal);
  });
});
