import { createJobs } from '@jobs-api/core';
import { MemoryAuthenticator, MemoryJobStore, MemoryObjectStore } from '@jobs-api/core/testing';
import { createApp, createLogger } from '@jobs-api/http-express';
import { afterEach, expect, jest, test } from '@jest/globals';
import { configure } from '@vendia/serverless-express';
import type { Context } from 'aws-lambda';
import { expressFramework } from './express-framework.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

const newApp = () =>
  createApp({
    jobs: createJobs({ jobStore: new MemoryJobStore(), objectStore: new MemoryObjectStore() }),
    authenticator: new MemoryAuthenticator(),
    logger: createLogger({ level: 'silent' }),
  });

interface Answer {
  readonly statusCode: number;
  readonly body: string;
}

const eventSource = {
  getRequest: () => ({ method: 'GET', path: '/healthz', headers: {} }),
  getResponse: ({ statusCode, body }: Answer) => ({ statusCode, body }),
};

/** What has its prototype changed while an app answers so many events, one after the other. */
const changedBy = async (app: ReturnType<typeof newApp>, framework: object, events: number) => {
  const serve = configure<object, Answer>({ app, eventSourceName: 'HTTP', eventSource, ...framework });
  const changed: object[] = [];
  jest.spyOn(Object, 'setPrototypeOf').mockImplementation((object: object, prototype: object | null) => {
    if (Reflect.getPrototypeOf(object) !== prototype) changed.push(object);
    Reflect.setPrototypeOf(object, prototype);
    return object;
  });
  for (let event = 0; event < events; event++)
    expect(await serve({}, {} as Context, () => undefined)).toEqual({ statusCode: 200, body: '{"status":"ok"}' });
  return changed;
};

test('leaves requests and responses as they are, once it has seen one of each', async () => {
  const app = newApp();
  const changed = await changedBy(app, { framework: expressFramework(app) }, 3);
  // Their two classes, for all that are to come.
  expect(changed).toHaveLength(2);
  expect(changed[0]).toBe(app.request);
  expect(changed[1]).toBe(app.response);
});

test('does what Express would do to each of them', async () => {
  expect(await changedBy(newApp(), {}, 3)).toHaveLength(6);
});
