import { describe, expect, jest, test } from '@jest/globals';
import { credentialSource } from './credentials.ts';

const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret' };

describe('credentialSource', () => {
  test('returns the credentials of the chain, which is created once', async () => {
    const createProvider = jest.fn(() => async () => credentials);
    const source = credentialSource({ createProvider });
    expect(await Promise.all([source(), source()])).toEqual([credentials, credentials]);
    expect(await source()).toBe(credentials);
    expect(createProvider).toHaveBeenCalledTimes(1);
  });

  test('throws Unavailable while the source fails, and recovers with it', async () => {
    const failure = new Error('connect ECONNREFUSED');
    let isHealthy = false;
    const source = credentialSource({
      createProvider: () => () => (isHealthy ? Promise.resolve(credentials) : Promise.reject(failure)),
    });
    await expect(source()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'there are no AWS credentials: their source failed',
      cause: failure,
    });
    isHealthy = true;
    expect(await source()).toBe(credentials);
  });

  test('throws Unavailable while the first fetch hangs, and replaces that fetch after 5 s', async () => {
    let time = 0;
    const providers = [() => new Promise<never>(() => undefined), async () => credentials];
    const createProvider = jest.fn(() => providers.shift() ?? (async () => credentials));
    const source = credentialSource({ createProvider, now: () => time });
    await expect(source()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'there are no AWS credentials: their source did not respond within 3 s',
    });
    expect(createProvider).toHaveBeenCalledTimes(1);
    time = 5_000;
    expect(await source()).toBe(credentials);
    expect(createProvider).toHaveBeenCalledTimes(2);
  });
});
