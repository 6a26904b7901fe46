import { Router } from 'express';
import type { CallOptions } from '@jobs-api/core';
import { methodNotAllowed, notReady } from './error-response.ts';
import type { Handler } from './handler.ts';

/** What the service cannot work without, by the name that `/readyz` gives it: a check rejects where it is missing. */
export type ReadinessChecks = Readonly<Record<string, (options: CallOptions) => Promise<void>>>;

/** How long a check may take, and how long what it found is kept. */
const CHECK_MS = 2_000;

const findFailures = async (checks: ReadinessChecks): Promise<ReadonlyMap<string, unknown>> => {
  const signal = AbortSignal.timeout(CHECK_MS);
  const failures = new Map<string, unknown>();
  const run = ([name, check]: [string, ReadinessChecks[string]]) =>
    check({ signal }).catch((error: unknown) => failures.set(name, error));
  await Promise.all(Object.entries(checks).map(run));
  return failures;
};

/** `/healthz`: the process answers. `/readyz`: it can do its work, and means to go on: `shutdown` has not aborted. */
export const healthRoutes = (checks: ReadinessChecks, shutdown: AbortSignal): Router => {
  let finding: ReturnType<typeof findFailures> | undefined;
  const forget = () => (finding = undefined);

  const ready: Handler = async (_req, res) => {
    if (shutdown.aborted) return notReady(res, ['shutting down']);
    finding ??= findFailures(checks).finally(() => setTimeout(forget, CHECK_MS).unref());
    const failures = await finding;
    if (failures.size === 0) return void res.json({ status: 'ready' });
    res.locals.error = new AggregateError(failures.values(), 'not ready');
    notReady(
      res,
      Object.keys(checks).filter((name) => failures.has(name)),
    );
  };

  const router = Router({ caseSensitive: true, strict: true });
  router
    .route('/healthz')
    .get((_req, res) => void res.json({ status: 'ok' }))
    .all(methodNotAllowed('GET, HEAD'));
  router.route('/readyz').get(ready).all(methodNotAllowed('GET, HEAD'));
  return router;
};
