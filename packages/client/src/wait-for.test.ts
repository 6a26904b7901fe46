import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { JobsApiError } from './error.ts';
import type { JobSummary } from './responses.ts';
import { waitForAll } from './wait-for.ts';

const job = (job_id: number, status: string, progress_percent?: number): JobSummary => ({
  job_id,
  job_name: null,
  date: null,
  total_size: 1,
  credits_spent: 1,
  status,
  status_meaning: status,
  ...(progress_percent !== undefined && { progress_percent }),
  finished: status === 'success',
});

/** When each request was sent, in milliseconds since the start, and for which jobs. */
let requests: { at: number; jobIds: readonly number[] }[];
let start: number;

beforeEach(() => {
  jest.useFakeTimers();
  requests = [];
  start = Date.now();
});

afterEach(() => {
  jest.useRealTimers();
});

/** Serves the jobs of one state after the other; the last state stays. */
const serving =
  (...states: (readonly JobSummary[] | Error)[]) =>
  async (jobIds: readonly number[]): Promise<readonly JobSummary[]> => {
    requests.push({ at: Date.now() - start, jobIds });
    const state = states.length > 1 ? states.shift() : states[0];
    if (state instanceof Error) throw state;
    return (state ?? []).filter(({ job_id }) => jobIds.includes(job_id));
  };

const SERVICE_UNAVAILABLE = new JobsApiError({ status: 503, headers: new Headers() }, {});

/** Lets time pass until the wait is over. */
const outcome = async <Value>(wait: Promise<Value>): Promise<Value> => {
  const running = new Set([1]);
  const over = wait.finally(() => running.clear());
  over.catch(() => undefined);
  while (running.size > 0) await jest.advanceTimersByTimeAsync(250);
  return over;
};

describe('waitFor', () => {
  test('sends no request if there is nothing to wait for', async () => {
    expect(await waitForAll([], serving(), {})).toEqual(new Map());
    expect(requests).toEqual([]);
  });

  test('sends the first request after a second, then with growing pauses, up to 15 seconds', async () => {
    const running = Array.from({ length: 11 }, () => [job(1, 'queued')]);
    await outcome(waitForAll([1], serving(...running, [job(1, 'success')]), {}));
    const delays = requests.map(({ at }, index) => at - (requests[index - 1]?.at ?? 0));
    expect(delays[0]).toBe(1_000);
    // The first response is a change: it starts the delays again.
    expect(delays[1]).toBe(1_000);
    for (let index = 2; index < delays.length; index++)
      expect(delays[index]).toBeCloseTo(Math.min((delays[index - 1] ?? 0) * 1.5, 15_000), -1);
    expect(delays.at(-1)).toBe(15_000);
  });

  test('starts again with a second when a job has changed', async () => {
    const states = [...Array.from({ length: 8 }, () => [job(1, 'processing', 10)]), [job(1, 'processing', 20)]];
    await outcome(waitForAll([1], serving(...states, [job(1, 'success')]), {}));
    const [before = 0, changed = 0, last = 0] = requests.slice(-3).map(({ at }) => at);
    expect(changed - before).toBeGreaterThan(10_000);
    expect(last - changed).toBe(1_000);
  });

  test('reports each change of each job once', async () => {
    const updates: unknown[] = [];
    const finished = await outcome(
      waitForAll(
        [1, 2],
        serving(
          [job(1, 'queued'), job(2, 'processing', 5)],
          [job(1, 'queued'), job(2, 'processing', 5)],
          [job(1, 'success'), job(2, 'processing', 50)],
          [job(1, 'success'), job(2, 'success')],
        ),
        { onUpdate: (jobId, update) => updates.push([jobId, update?.status, update?.progress_percent]) },
      ),
    );
    expect(updates).toEqual([
      [1, 'queued', undefined],
      [2, 'processing', 5],
      [1, 'success', undefined],
      [2, 'processing', 50],
      [2, 'success', undefined],
    ]);
    expect([...finished.keys()].sort()).toEqual([1, 2]);
    expect(requests.at(-1)?.jobIds).toEqual([2]);
  });

  test('ends with a job that two requests in a row do not find', async () => {
    const updates: unknown[] = [];
    const states = [[job(1, 'queued')], [], [job(1, 'queued')], [], []];
    const finished = await outcome(
      waitForAll([1], serving(...states), { onUpdate: (...update) => updates.push(update) }),
    );
    expect(finished).toEqual(new Map());
    expect(requests).toHaveLength(5);
    expect(updates.at(-1)).toEqual([1, undefined]);
  });

  test('requests 100 jobs at a time, each once', async () => {
    const ids = Array.from({ length: 250 }, (_, index) => index + 1);
    const finished = await outcome(waitForAll([...ids, ...ids], serving(ids.map((id) => job(id, 'success'))), {}));
    expect(finished.size).toBe(250);
    expect(requests.map(({ jobIds }) => jobIds.length)).toEqual([100, 100, 50]);
  });

  test('continues after the service was unavailable for a while', async () => {
    const down = Array.from({ length: 4 }, () => SERVICE_UNAVAILABLE);
    const states = [[job(1, 'queued')], ...down, [job(1, 'queued')], ...down, [job(1, 'success')]];
    expect((await outcome(waitForAll([1], serving(...states), {}))).size).toBe(1);
  });

  test('rejects when the service stays unavailable', async () => {
    const wait = waitForAll([1], serving([job(1, 'queued')], new TypeError('fetch failed')), {});
    await expect(outcome(wait)).rejects.toThrow('fetch failed');
    expect(requests).toHaveLength(6);
  });

  test('rejects at once when the service was never available', async () => {
    await expect(outcome(waitForAll([1], serving(SERVICE_UNAVAILABLE), {}))).rejects.toBe(SERVICE_UNAVAILABLE);
    expect(requests).toHaveLength(1);
  });

  test('rejects at once when the token is no longer valid', async () => {
    const error = new JobsApiError({ status: 401, headers: new Headers() }, { message: 'Unauthorized' });
    await expect(outcome(waitForAll([1], serving([job(1, 'queued')], error), {}))).rejects.toBe(error);
    expect(requests).toHaveLength(2);
  });

  test('ends with its signal, also between requests', async () => {
    const controller = new AbortController();
    const onUpdate = () => setTimeout(() => controller.abort(new Error('enough')), 100);
    const wait = waitForAll([1], serving([job(1, 'queued')]), { signal: controller.signal, onUpdate });
    await expect(outcome(wait)).rejects.toThrow('enough');
    expect(requests).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});
