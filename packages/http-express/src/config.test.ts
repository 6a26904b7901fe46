import { describe, expect, test } from '@jest/globals';
import { readHttpConfig } from './config.ts';

describe('readHttpConfig', () => {
  const defaults = {
    port: 3000,
    host: '0.0.0.0',
    corsOrigins: [],
    logLevel: 'info',
    requestTimeoutSeconds: 10,
    maxInFlight: 1000,
    keepAliveSeconds: 65,
    drainSeconds: 1,
    shutdownGraceSeconds: 10,
    docs: true,
  };

  test('returns the defaults for absent and empty variables', () => {
    expect(readHttpConfig({}).config).toEqual(defaults);
    expect(readHttpConfig({ PORT: '', CORS_ORIGINS: '', LOG_LEVEL: '' }).config).toEqual(defaults);
  });

  test('reads every variable', () => {
    const env = {
      PORT: '8080',
      HOST: '127.0.0.1',
      CORS_ORIGINS: 'https://app.example.com, http://localhost:5173',
      LOG_LEVEL: 'debug',
      REQUEST_TIMEOUT_SECONDS: '5',
      MAX_IN_FLIGHT: '10',
      KEEP_ALIVE_SECONDS: '70',
      DRAIN_SECONDS: '0',
      SHUTDOWN_GRACE_SECONDS: '30',
      METRICS_PORT: '9464',
      DOCS: 'off',
    };
    expect(readHttpConfig(env).config).toEqual({
      port: 8080,
      host: '127.0.0.1',
      corsOrigins: ['https://app.example.com', 'http://localhost:5173'],
      logLevel: 'debug',
      requestTimeoutSeconds: 5,
      maxInFlight: 10,
      keepAliveSeconds: 70,
      drainSeconds: 0,
      shutdownGraceSeconds: 30,
      metricsPort: 9464,
      docs: false,
    });
  });

  test('returns all problems at once', () => {
    const env = { PORT: '65536', LOG_LEVEL: 'loud', MAX_IN_FLIGHT: '0', CORS_ORIGINS: 'https://a.example/path' };
    expect(readHttpConfig(env).problems).toEqual([
      'PORT must be a whole number from 0 to 65535',
      'CORS_ORIGINS must be origins such as https://example.com, separated by commas',
      'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent',
      'MAX_IN_FLIGHT must be a whole number from 1 to 1000000',
    ]);
  });

  test.each(['-1', '1.5', '1e3', ' 80', 'http', '0x50'])('rejects PORT=%j', (value) => {
    expect(readHttpConfig({ PORT: value }).problems).toEqual(['PORT must be a whole number from 0 to 65535']);
  });

  test.each(['*', 'example.com', 'https://a.example/', 'https://a.example,', 'null'])(
    'rejects CORS_ORIGINS=%j',
    (value) => {
      expect(readHttpConfig({ CORS_ORIGINS: value }).problems).toHaveLength(1);
    },
  );
});
