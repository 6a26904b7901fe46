import { describe, expect, jest, test } from '@jest/globals';
import { untilAborted } from './until-aborted.ts';

const never = new Promise<never>(() => undefined);

describe('untilAborted', () => {
  test.each<[string, AbortSignal | undefined]>([
    ['without a signal', undefined],
    ['with a signal that does not abort', new AbortController().signal],
  ])('settles as its promise does, %s', async (_, signal) => {
    const failure = new Error('the work failed');
    expect(await untilAborted(Promise.resolve('done'), signal)).toBe('done');
    await expect(untilAborted(Promise.reject(failure), signal)).rejects.toBe(failure);
  });

  test('rejects with the reason of a signal that has aborted, also if the work is done', async () => {
    const reason = new Error('enough');
    await expect(untilAborted(never, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(untilAborted(Promise.resolve('done'), AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('rejects with the reason of the signal when it aborts, while the work goes on', async () => {
    const [controller, reason] = [new AbortController(), new Error('enough')];
    const waiting = untilAborted(never, controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  test.each<[string, Promise<unknown>]>([
    ['fulfilled', Promise.resolve()],
    ['rejected', Promise.reject(new Error('the work failed'))],
  ])('no longer listens to the signal when its promise is %s', async (_, promise) => {
    const { signal } = new AbortController();
    const [add, remove] = [jest.spyOn(signal, 'addEventListener'), jest.spyOn(signal, 'removeEventListener')];
    await untilAborted(promise, signal).catch(() => undefined);
    await Promise.resolve();
    expect(add).toHaveBeenCalledTimes(1);
    expect(remove.mock.calls).toEqual(add.mock.calls);
  });
});
