import type { Express } from 'express';
import type { ReadinessChecks } from '@jobs-api/core';
import { methodNotAllowed, notReady } from '../response/errors.ts';
import type { AppHandler } from '../handler.ts';
import { sendJson } from '../response/json.ts';

/** Time limit of a check, and the time for which its outcome is cached. */
const CHECK_MS = 2_000;

/** The error of each failing check, by its name. */
type Failures = ReadonlyMap<string, unknown>;

const SHUTTING_DOWN: Failures = new Map([['shutting down', new Error('the service is about to stop')]]);

const findFailures = async (checks: ReadinessChecks): Promise<Failures> => {
  const signal = AbortSignal.timeout(CHECK_MS);
  const run = ([name, check]: [string, ReadinessChecks[string]]) =>
    check({ signal }).then(
      () => [],
      (error: unknown) => [[name, error] as const],
    );
  return new Map((await Promise.all(Object.entries(checks).map(run))).flat());
};

/** Adds `/healthz` (the process responds) and `/readyz` (all checks pass and `shutdown` has not aborted). */
export const addHealthRoutes = (app: Express, checks: ReadinessChecks, shutdown: AbortSignal): void => {
  let finding: Promise<Failures> | undefined;
  const find = async () => {
    const failures = await findFailures(checks);
    setTimeout(() => (finding = undefined), CHECK_MS).unref();
    return failures;
  };

  const ready: AppHandler = async (_req, res) => {
    const failures = shutdown.aborted ? SHUTTING_DOWN : await (finding ??= find());
    if (failures.size > 0) {
      res.locals.error = new AggregateError(failures.values(), 'not ready');
      notReady(res, [...failures.keys()]);
    } else {
      sendJson(res, { status: 'ready' });
    }
  };

  app
    .route('/healthz')
    .get((_req, res) => sendJson(res, { status: 'ok' }))
    .all(methodNotAllowed('GET, HEAD'));
  app.route('/readyz').get(ready).all(methodNotAllowed('GET, HEAD'));
};
